"""Decide, per task, which model clients use."""
