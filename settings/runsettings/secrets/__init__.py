"""Secrets never leave: how they are masked, and in which forms they are given.

What enters here takes secrets out of something. Which values of a model are secret is for
`runsettings.resolution.secrets` to say.
"""
