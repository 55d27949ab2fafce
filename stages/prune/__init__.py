"""Choose the coreset: the most distinct training images, within budget and class quotas."""
