"""Render a small dash-cam world: the embedded default source, with every fault planted."""
