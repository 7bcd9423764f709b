"""Sends runs to a store: the shipper reads journals, and commits what it read with its position.

A module belongs here if it takes records out of a journal to another place. `stores` holds the
places. Only `stores` imports SQLAlchemy, and a script without a store imports nothing of it.
"""
