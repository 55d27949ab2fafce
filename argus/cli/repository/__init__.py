"""The repository that the commands work in: Git, DVC, locks, params.yaml, what commits record."""
