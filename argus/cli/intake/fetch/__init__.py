"""Public datasets out of Git repositories, without running anything that is in them."""
