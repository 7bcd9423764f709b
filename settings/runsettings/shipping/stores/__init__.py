"""The places that runs are shipped to; `base` says what a store can do.

Only modules in this room import SQLAlchemy and drivers. A new kind of store is a module here and a
line in `opening`.
"""
