"""Decide for good which images train and which are holdouts (val, test)."""
