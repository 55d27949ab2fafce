"""Compute the embedding of every image in use, by a pretrained backbone."""
