"""Put the chosen images at training resolution into arrays that a loader can map into memory."""
