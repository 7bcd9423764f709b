"""The places that runs are shipped to; `base` says what a store can do.

Only modules in this room import SQLAlchemy, drivers and the W&B client. A new kind of store is a
module here and a line in `opening`, a new kind of another place one in `destinations`.
"""
