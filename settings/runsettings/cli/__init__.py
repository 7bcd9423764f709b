"""The command line: parses options, calls the rooms below, and prints the results.

Nothing is decided here. A new command is a module in a sub-room, and a line in the table of
`main` or of `runs.commands`. It prints with `printing`. Code that finds or compares anything
belongs in a room below, where a page can use it as well.
"""
