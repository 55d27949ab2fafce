"""Score models on held-out reals, beside floors that any model must beat."""
