"""What is looked at before a delivery comes in: duplicates, ignored files, warnings."""
