"""A program that parses its flags itself, so that defaults look like flags that were given."""

from __future__ import annotations

import argparse


def build_parser() -> argparse.ArgumentParser:
    """Its parser."""
    parser = argparse.ArgumentParser("train")
    parser.add_argument("--lr", type=float, default=0.1)
    return parser


def main() -> argparse.Namespace:
    """What the program does."""
    return build_parser().parse_args()
