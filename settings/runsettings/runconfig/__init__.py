"""The run config: its inputs, the rules about keys and values, and `Config` itself.

A module belongs here if it turns the value of ``config=`` into trees, checks them against the
rules of a run's journal, or is part of `Config`. Nothing here knows a model or a run: live secrets
and the names of settings are arguments.
"""
