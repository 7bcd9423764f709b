"""Decides which value wins, and keeps the losers: options, merging, locked keys, secrets.

Code in this room works on trees from `layers`, and knows a model by its table of options. It opens
no file and reads no variable itself, except that `lock_file` reads lock files.
"""
