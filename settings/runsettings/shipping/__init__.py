"""Ships runs to a store: the shipper reads a journal, and commits its records and the position.

A module belongs here if it sends records from a journal to a store or to W&B. `stores` has the
destinations. Only `stores` imports SQLAlchemy, and a script without a store does not import it.
"""
