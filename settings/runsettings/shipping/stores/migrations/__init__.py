"""The steps from one version of a store's tables to the next, which alembic finds and runs.

A change of `tables` is a new file in ``versions``, and the next number in `tables.VERSION`. A test
holds that all steps together make the tables of `tables`.
"""
