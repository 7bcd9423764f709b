"""The steps from one version of a store's tables to the next, which alembic finds and runs.

A change of `tables` needs a new file in ``versions`` and the next number in `tables.VERSION`. A
test checks that all steps together create the tables of `tables`.
"""
