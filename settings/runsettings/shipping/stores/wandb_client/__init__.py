"""Ships runs to W&B through the official client. Only modules in this room import it.

`client` starts and ends the client's runs, `sending` gives it the records, and `position` is what
the server has.
"""
