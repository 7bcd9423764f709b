"""The FLAG layer: what argparse and absl parsed, and which flags were given.

All that reads parsed flags belongs here.
"""
