"""Clips as a source of images: containers, decoding, which frames to take, how they are shown."""
