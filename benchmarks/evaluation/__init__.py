"""Benchmarks of the judge: its speed, its sanity, and whether its promises hold."""
