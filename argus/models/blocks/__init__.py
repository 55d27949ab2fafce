"""Layers and small networks that several architectures are built from."""
