"""Of exact copies and near-duplicates, keep the best of the delivery that came in first."""
