"""Decides which value wins, and keeps the losers: options, merging, locked keys, secrets.

What enters here works on trees from `layers`, and knows a model only as its table of options. It
opens no file and reads no variable itself.
"""
