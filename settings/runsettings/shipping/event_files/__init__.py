"""Reads TensorBoard's event files by byte position, and appends them to the journal of a run.

A module belongs here if it knows the format of event files or follows them. The script does not
read event files while it trains. The process that ships the run reads them, or `sync`, or `finish`
in an offline run.
"""
