"""The same program, parsing with runsettings."""

from __future__ import annotations

import argparse

import runsettings


def build_parser() -> argparse.ArgumentParser:
    """Its parser."""
    parser = argparse.ArgumentParser("train")
    parser.add_argument("--lr", type=float, default=0.1)
    return parser


def main() -> argparse.Namespace:
    """What the program does."""
    return runsettings.parse_args(build_parser())
