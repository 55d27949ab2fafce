"""What `argus submit` and `argus source fetch` take in, and how."""
