"""TensorBoard's event files: read by byte position, and appended to the journal of a run.

A module belongs here if it knows the format of event files or follows them. A script does none of
this while it trains: the process that ships a run does it, and so do `sync` and the end of an
offline run.
"""
