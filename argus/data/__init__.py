"""Images and what is known of them: catalogue, rights cards, deliveries, shards, packed arrays."""
