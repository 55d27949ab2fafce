"""One file an architecture; each names its class `ARCHITECTURE`."""
