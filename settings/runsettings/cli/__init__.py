"""The command line: parses options, asks the rooms below, and prints their answers.

Nothing is decided here. A new command is a module in a sub-room, and a line in the table of
`main` or of `runs.commands`. It prints with `printing`. What finds or compares anything goes
into a room below, where a page can use it as well.
"""
