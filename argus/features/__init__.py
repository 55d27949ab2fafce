"""Embeddings of images, by a pretrained backbone: computed, cached, searched."""
