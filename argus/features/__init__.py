"""Embeddings by a pretrained backbone: computed, cached, searched."""
