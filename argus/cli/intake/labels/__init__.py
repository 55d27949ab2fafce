"""Labels that no delivery had before, and what was probably meant by them."""
