"""JSON Schema documents of settings, models, parsers and run configs.

What editors and CI read. Checking a file against a schema is in `runsettings.runconfig.rules`.
"""
