"""From the bytes of a file to pixels: which files are read, how, and why others are refused."""
