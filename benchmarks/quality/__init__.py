"""Every architecture on real images, given the same time."""
