"""Predict the condition of training images that came in without a label."""
