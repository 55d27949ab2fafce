"""Measurements of training, beside a plain loop, and of every architecture."""
