"""The `argus` command."""
