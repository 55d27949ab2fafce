"""Turns: run, recorded, shown side by side."""
