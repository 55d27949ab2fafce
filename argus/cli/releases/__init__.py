"""Champions out, signed: `argus release` and `argus verify`, and the tags that name them."""
