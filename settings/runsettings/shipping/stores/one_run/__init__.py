"""What is read of one run in a store, part by part, and what is changed in it.

`history` reads its rows, `retagging` changes its tags, `files` has its saved files. Lists of runs
are read in `reading`.
"""
