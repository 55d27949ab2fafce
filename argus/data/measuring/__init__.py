"""What ingest finds out about an image: its perceptual hash, its flaws; cached by content."""
