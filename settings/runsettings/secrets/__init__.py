"""Masks secrets in values, messages, command lines and addresses.

A module belongs here if it finds or masks secrets. `runsettings.resolution.secrets` decides which
values of a model are secret.
"""
