"""Exact search among 64-bit perceptual hashes."""
