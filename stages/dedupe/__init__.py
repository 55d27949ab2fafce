"""Of images that look the same, keep the one that came in first."""
