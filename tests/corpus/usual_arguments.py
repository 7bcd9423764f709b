"""What nearly all parsers have: options, positionals, switches, choices, lists."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from .drawing import (
    DEFAULTS,
    HELPS,
    WORDS,
    WRONG,
    Draw,
    added,
    dest_of,
    kind,
    one_of,
    several,
    spelt,
)
from .programs import Piece


@kind
def plain(draw: Draw, name: str) -> Piece:
    """An option with a type, a default, a help text, perhaps required, perhaps of another dest."""
    type_name = one_of(draw, "int", "float", "str")
    keywords: dict[str, Any] = {}
    if type_name != "str" or draw(st.booleans()):
        keywords["type"] = f"={type_name}"
    required = one_of(draw, False, False, True)
    if required:
        keywords["required"] = True
    else:
        default = one_of(draw, *DEFAULTS[type_name])
        if default is not None or draw(st.booleans()):
            keywords["default"] = default
    help_text = one_of(draw, *HELPS)
    if help_text is not None:
        keywords["help"] = "=SUPPRESS" if help_text == "SUPPRESS" else help_text
    dest = dest_of(name)
    if draw(st.booleans()):
        keywords["metavar"] = "X"
    if one_of(draw, False, False, True):
        dest = keywords["dest"] = f"{dest}_value"
    spellings = [f"--{name}", *one_of(draw, (), (f"-{name[0].upper()}",), (f"--also-{name}",))]
    words = [spelt(draw, one_of(draw, *spellings), one_of(draw, *WORDS[type_name]))]
    wrong = WRONG[type_name]
    return Piece(
        added(*spellings, **keywords),
        right=tuple(words),
        wrong=((f"--{name}",), *(((f"--{name}", wrong),) if wrong else ())),
        always=words[0] if required else (),
        refused={dest: wrong or [1]},
    )


@kind
def positionals(draw: Draw, name: str) -> Piece:
    """Words without a flag, between the options."""
    type_name = one_of(draw, "str", "int")
    nargs = one_of(draw, None, "?", "*", "+", 2)
    keywords: dict[str, Any] = {"type": f"={type_name}"}
    words = tuple(word for word in WORDS[type_name] if word)
    if nargs is not None:
        keywords["nargs"] = nargs
    if nargs == "?" and draw(st.booleans()):
        keywords["default"] = one_of(draw, *DEFAULTS[type_name])
    if nargs == "*" and draw(st.booleans()):
        keywords["default"] = one_of(draw, [], ["3"] if type_name == "str" else [3])
    counts = {None: (1, 1), "?": (0, 1), "*": (0, 3), "+": (1, 3), 2: (2, 2)}[nargs]
    dashes = one_of(draw, (), ("--",))
    line = (*dashes, *several(draw, words if dashes else words[:1], *counts))
    return Piece(
        added(name, **keywords),
        right=(line,),
        always=line if counts[0] else (),
        refused={name: {"a": 1}},
    )


@kind
def switches(draw: Draw, name: str) -> Piece:
    """True or false, with defaults of both and of neither kind."""
    action = one_of(draw, "store_true", "store_false", "=argparse.BooleanOptionalAction")
    keywords: dict[str, Any] = {"action": action}
    if draw(st.booleans()):
        keywords["default"] = one_of(draw, False, True, None)
    flags = (f"--{name}", f"--no-{name}") if action.startswith("=") else (f"--{name}",)
    return Piece(
        added(f"--{name}", **keywords),
        right=tuple((flag,) for flag in flags),
        wrong=((f"--{name}=maybe",),),
        refused={dest_of(name): "maybe"},
    )


@kind
def switches_of_another_default(draw: Draw, name: str) -> Piece:
    """A switch whose default is no truth value, as some scripts have it."""
    action = one_of(draw, "store_true", "store_false", "=argparse.BooleanOptionalAction")
    default = one_of(draw, 0, "auto", "", 1)
    return Piece(added(f"--{name}", action=action, default=default), right=((f"--{name}",),))


@kind
def choices(draw: Draw, name: str) -> Piece:
    """A word out of a few, of any type, with a default among them or none."""
    keywords, words = one_of(
        draw,
        ({"choices": ["a", "b"]}, ("a", "b")),
        ({"choices": ("a", "b"), "default": "b"}, ("a",)),
        ({"choices": {"a": 1, "b": 2}, "default": "a"}, ("b",)),
        ({"choices": "=range(3)", "type": "=int"}, ("0", "2")),
        ({"choices": [0.1, 1.0], "type": "=float", "default": 0.1}, ("0.1", "1")),
        ({"choices": ["a", "b"], "nargs": "+", "default": ["a"]}, ("a", "b")),
    )
    return Piece(
        added(f"--{name}", **keywords),
        right=tuple((f"--{name}", word) for word in words),
        wrong=((f"--{name}", "zz"), (f"--{name}", "9")),
        refused={dest_of(name): "zz"},
    )


@kind
def several_words(draw: Draw, name: str) -> Piece:
    """Every ``nargs``, with defaults of its own shape."""
    type_name = one_of(draw, "int", "str", "float")
    words = tuple(word for word in WORDS[type_name] if word and not word.startswith("-1e"))
    nargs = one_of(draw, "*", "+", 1, 2, "?")
    keywords: dict[str, Any] = {"type": f"={type_name}", "nargs": nargs}
    if nargs == "?":
        keywords["const"] = one_of(draw, *DEFAULTS[type_name])
        keywords["default"] = one_of(draw, *DEFAULTS[type_name])
    elif draw(st.booleans()):
        size = nargs if isinstance(nargs, int) else 2
        keywords["default"] = [DEFAULTS[type_name][0]] * size
    counts = {"?": (0, 1), "*": (0, 3), "+": (1, 3), 1: (1, 1), 2: (2, 2)}[nargs]
    return Piece(
        added(f"--{name}", **keywords),
        right=((f"--{name}", *several(draw, words, *counts)),),
        wrong=((f"--{name}", "a", "b", "c", "d"),),
        refused={dest_of(name): {"a": 1}},
    )


@kind
def the_rest(draw: Draw, name: str) -> Piece:
    """All words that follow, options among them."""
    flags = one_of(draw, (name,), (f"--{name}",))
    lead = () if flags[0] == name else flags
    return Piece(
        added(*flags, nargs="=REMAINDER", **one_of(draw, {}, {"default": []})),
        right=((*lead, *one_of(draw, ("x", "--unknown", "3"), ("a",), ())),),
    )


@kind
def appended(draw: Draw, name: str) -> Piece:
    """A flag that may come again, each time with a word or more."""
    action = one_of(draw, "append", "extend", "append_const")
    keywords: dict[str, Any] = {"action": action}
    flag: tuple[str, ...]
    if action == "append_const":
        keywords["const"] = one_of(draw, "a", 3)
        flag = (f"--{name}",)
    else:
        keywords["type"] = "=int"
        nargs = "+" if action == "extend" else one_of(draw, None, "+", 2)
        if nargs is not None:
            keywords["nargs"] = nargs
        flag = (f"--{name}", "1") if nargs is None else (f"--{name}", "1", "2")
    if draw(st.booleans()):
        word = keywords.get("const", 7)
        nested = [word, word] if action == "append" and keywords.get("nargs") is not None else word
        none = [nested] if keywords.get("nargs") == "+" else []
        keywords["default"] = one_of(draw, none, None, [nested])
    return Piece(
        added(f"--{name}", **keywords),
        right=(flag, (*flag, *flag)),
        wrong=((f"--{name}", "x"),),
        refused={dest_of(name): 3.5},
    )


@kind
def counts_and_constants(draw: Draw, name: str) -> Piece:
    """``-vvv``, and flags that stand for a value."""
    letter = name[0]
    if draw(st.booleans()):
        default = one_of(draw, {"default": 0}, {}, {"default": 1})
        source = added(f"-{letter}", f"--{name}", action="count", **default)
        right: tuple[tuple[str, ...], ...] = ((f"-{letter * 3}",), (f"--{name}", f"-{letter}"))
        return Piece(source, right=right, refused={dest_of(name): "many"})
    const = one_of(draw, 5, "fast", None, 0.5, True)
    default = one_of(draw, {}, {"default": 1})
    source = added(f"--{name}", action="store_const", const=const, **default)
    return Piece(source, right=((f"--{name}",),), refused={dest_of(name): "other"})
