"""Describe every image in use by a feature vector, for distinctness."""
