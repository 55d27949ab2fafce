"""Feature vectors of images, by a pretrained backbone: made, cached, searched."""
