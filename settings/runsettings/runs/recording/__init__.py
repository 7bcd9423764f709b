"""The run while it is recorded.

`Run`, `log`, the summary, the active run of the process, and how the process ends.
"""
