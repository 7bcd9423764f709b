"""The ENV and DOTENV layers: variables of the process and of ``.env`` files.

Both are parsed by one set of rules, which belongs here too.
"""
