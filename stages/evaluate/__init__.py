"""Score models on held-out reals, with baselines that any model must beat."""
