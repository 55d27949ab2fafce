"""What all use: errors, files, params.yaml, progress, caches, reports. Knows nothing of images."""
