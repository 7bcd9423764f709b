"""Checks the settings of declared environments.

One environment after the other, compared with an earlier commit where that is asked for.
"""
