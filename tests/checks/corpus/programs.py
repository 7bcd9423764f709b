"""What the corpus's configs are held against: a schema, parsers, a model."""

from __future__ import annotations

import argparse

from pydantic import BaseModel

SCHEMA = {
    "type": "object",
    "properties": {
        "epochs": {"type": "integer"},
        "lr": {"type": "number", "minimum": 0},
        "optim": {"type": "object", "properties": {"name": {"type": "string"}}},
    },
    "additionalProperties": False,
}


def argument_parser() -> argparse.ArgumentParser:
    """The parser of a training program that reads its flags with runsettings."""
    parser = argparse.ArgumentParser("train")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--optimizer", choices=["adam", "sgd"], required=True)
    parser.add_argument("--layers", type=int, nargs="+")
    parser.add_argument("--betas", type=float, nargs=2)
    parser.add_argument("--amp", action="store_true")
    parser.add_argument("--optim.decay", type=float)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--hours", type=float)
    length.add_argument("--steps", type=int)
    return parser


class Optimizer(BaseModel):
    """A nested model."""

    lr: float


class Training(BaseModel):
    """The model of a training program."""

    optim: Optimizer
    epochs: int = 3
