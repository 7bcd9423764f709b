"""Checks a run config against an argparse parser.

It reads the parser's actions and never runs the parser.
"""
