"""From scores to a decision with a written reason."""
