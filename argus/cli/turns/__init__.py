"""Turns of the wheel: run, recorded, shown side by side."""
