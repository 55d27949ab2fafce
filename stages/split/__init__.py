"""Decide for good which images train and which are held out."""
