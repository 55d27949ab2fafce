"""Three turns of the wheel on real camera images, in a scratch clone; `make trial`."""
