"""Benchmarks of training, against a plain loop, and of every architecture."""
