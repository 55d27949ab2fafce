"""Of images that look the same, keep the best of the delivery that came in first."""
