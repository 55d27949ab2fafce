"""Three turns on real camera images, in a scratch clone; `make trial`."""
