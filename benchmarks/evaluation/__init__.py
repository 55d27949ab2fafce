"""Measure how models are judged."""
