"""Defaults: texts, other shapes than the command line gives, none, and those set beside."""

from __future__ import annotations

from hypothesis import strategies as st

from .drawing import Draw, added, dest_of, kind, one_of
from .programs import Piece


@kind
def texts_as_defaults(draw: Draw, name: str) -> Piece:
    """Defaults that argparse converts, as they are texts."""
    type_name, default = one_of(draw, ("int", "7"), ("float", "1e-3"), ("float", "7"))
    return Piece(
        added(f"--{name}", type=f"={type_name}", default=default),
        right=((f"--{name}", default), (f"--{name}", "3")),
        refused={dest_of(name): "x"},
    )


@kind
def defaults_of_another_shape(draw: Draw, name: str) -> Piece:
    """Defaults that the command line could not have given."""
    keywords, words = one_of(
        draw,
        ({"nargs": "+", "type": "=int", "default": 3}, ("1", "2")),
        ({"nargs": "+", "type": "=int", "default": [6.4, 4.8]}, ("1", "2")),
        ({"nargs": 2, "type": "=int", "default": (1, 2)}, ("1", "2")),
        ({"nargs": 2, "type": "=int", "default": [1]}, ("1", "2")),
        ({"nargs": 1, "default": "x"}, ("y",)),
        ({"nargs": "*", "default": "x"}, ("y", "z")),
        ({"type": "=int", "default": 0.0001}, ("3",)),
        ({"type": "=float", "default": False}, ("3",)),
        ({"choices": ["cpu", "cuda"], "default": ""}, ("cpu",)),
        ({"choices": [1, 2], "type": "=int", "default": -1}, ("1",)),
        ({"type": "=str", "default": []}, ("x",)),
        ({"type": "=str", "default": {}}, ("x",)),
        ({"type": "=str", "default": {"a": [1, None]}}, ("x",)),
        ({"type": "=int", "default": [1, 2]}, ("3",)),
        ({"action": "append", "default": "x"}, ()),
        ({"action": "count", "default": -1}, ()),
    )
    right = ((f"--{name}", *words),) if words else ()
    return Piece(added(f"--{name}", **keywords), right=right)


@kind
def lists_that_start_empty(draw: Draw, name: str) -> Piece:
    """At least one word, and none by default."""
    keywords = one_of(draw, {}, {"action": "extend"}, {"action": "append"})
    words = one_of(draw, ("1",), ("1", "2"))
    return Piece(
        added(f"--{name}", nargs="+", default=[], **keywords), right=((f"--{name}", *words),)
    )


@kind
def texts_by_default_of_another_type(draw: Draw, name: str) -> Piece:
    """A text by type, whose default is a number, a boolean or the like."""
    default = one_of(draw, 3, 0.5, True)
    return Piece(added(f"--{name}", default=default), right=((f"--{name}", "x"),))


@kind
def suppressed_defaults(draw: Draw, name: str) -> Piece:
    """Arguments that are not there unless they are given."""
    keywords = one_of(draw, {"type": "=int"}, {"nargs": "*", "type": "=int"})
    whole = draw(st.booleans())
    source = added(f"--{name}", **keywords, **({} if whole else {"default": "=SUPPRESS"}))
    prefix = "parser.argument_default = SUPPRESS\n" if whole else ""
    return Piece(prefix + source, right=((f"--{name}", "3"),), refused={dest_of(name): "x"})


@kind
def defaults_set_beside(draw: Draw, name: str) -> Piece:
    """``set_defaults``, for arguments and for names that no argument has."""
    dest = dest_of(name)
    beside = one_of(draw, f"{dest}_extra=False", f"{dest}_extra=[1, 'x']", f"{dest}_run=lower")
    own = one_of(draw, "", f", {dest}=9")
    source = f"{added(f'--{name}', type='=int', default=1)}\nparser.set_defaults({beside}{own})"
    return Piece(source, right=((f"--{name}", "3"),), refused={dest: "x"})
