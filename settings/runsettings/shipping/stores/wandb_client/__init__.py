"""Ships runs to W&B through the official client. Only modules in this package import it.

`client` starts and ends the client's runs, `sending` passes the records to the client, `reports`
finds what the client did not upload, and `position` stores how much of the journal was uploaded.
"""
