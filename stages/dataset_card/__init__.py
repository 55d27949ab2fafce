"""Describe the curated set for whoever uses it next: what is in it, from whom, on what terms."""
