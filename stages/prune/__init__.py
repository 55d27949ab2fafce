"""Keep the most distinct images of the training split, within budget and class quotas."""
