"""The ENV and DOTENV layers: variables of the process and of ``.env`` files.

Both are parsed by the same rules, which are in this room as well.
"""
