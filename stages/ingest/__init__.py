"""Take deliveries in: rights first, then decode, measure and fingerprint every image."""
