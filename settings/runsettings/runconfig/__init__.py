"""The run config: every input, the key rules, layers with provenance, and `Config` itself.

What enters here turns what a person passes as ``config=`` into trees, holds them against the
rules of what a run's journal can keep, and hands out one object. It knows no model and no
run: live secrets and the names of settings are passed in.
"""
