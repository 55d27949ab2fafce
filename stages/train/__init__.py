"""Train one GAN on the packed training split: one loop, one file an architecture."""
