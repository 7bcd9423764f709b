"""The FLAG layer: what argparse and absl parsed, and which flags were given.

All code that reads parsed flags is in this room.
"""
