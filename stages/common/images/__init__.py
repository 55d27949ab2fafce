"""From the bytes of a file to pixels: which files are read, how, and why others are refused."""

from pathlib import Path

FILES = sorted(str(path) for path in Path(__file__).parent.glob("*.py"))
"""The code that pixels depend on, for side caches."""
