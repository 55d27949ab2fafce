"""What several stages share; nothing here knows what a stage does."""
