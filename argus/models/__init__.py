"""The model library: what an architecture is, what there is of them, cards, loading, export."""
