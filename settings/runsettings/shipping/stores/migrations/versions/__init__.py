"""A module for each version of the tables, with the migration to it.

Never change a released migration, because databases have run it already.
"""
