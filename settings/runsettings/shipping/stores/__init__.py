"""The destinations that runs are shipped to; `base` defines their interface.

Only modules in this package import SQLAlchemy, drivers and the W&B client. To add a kind of store,
add a module here and a line in `opening`. To add another destination, add a line in `destinations`.
"""
