"""Brings keys and texts of a source to the names and types of the model, where they differ."""
