"""How command lines are written, and what is odd about single arguments."""

from __future__ import annotations

from hypothesis import strategies as st

from .drawing import Draw, added, dest_of, kind, one_of
from .programs import Piece


@kind
def argument_files(draw: Draw, name: str) -> Piece:
    """Arguments out of a file: ``@argument.txt`` holds ``--file-lr`` and ``0.5``."""
    parser = one_of(draw, "ArgumentParser", "Lines")
    file = "@lines.txt" if parser == "Lines" else "@argument.txt"
    lines = [
        f"parser = {parser}(fromfile_prefix_chars='@')",
        added("--file-lr", type="=float", default=0.1),
        added(f"--{name}", type="=int"),
    ]
    return Piece(
        "\n".join(lines),
        right=((file,), (f"--{name}", "3", file)),
        wrong=(("@missing.txt",),),
        refused={"file_lr": "x"},
    )


@kind
def abbreviations(draw: Draw, name: str) -> Piece:
    """Flags that are cut short, where that is allowed and where not."""
    allowed = one_of(draw, "", "allow_abbrev=False")
    lines = [
        f"parser = ArgumentParser({allowed})",
        added("--learning-rate", type="=float", default=0.1),
        added("--learning-steps", type="=int", default=1),
        added("--verbose", action="store_true"),
        added(f"--x{name}", type="=int"),
    ]
    right = (("--learning-r", "2"), ("--verb",), ("--learning-s=3",), (f"--x{name[0]}", "3"))
    return Piece(
        "\n".join(lines),
        right=((f"--x{name}", "3"),) if allowed else right,
        wrong=(("--learn", "2"), *(right if allowed else ())),
        refused={"learning_rate": "x"},
    )


@kind
def prefix_characters(draw: Draw, name: str) -> Piece:
    """Flags that begin with something else than a dash."""
    lines = [
        "parser = ArgumentParser(prefix_chars='-+/')",
        added(f"+{name}", action="store_true"),
        added(f"++{name}-value", type="=int", default=1),
        added("/path", one_of(draw, "--path", "-p")),
    ]
    right = ((f"+{name}",), (f"++{name}-value", "3"), ("/path", "x"))
    return Piece("\n".join(lines), right=right, refused={f"{dest_of(name)}_value": "x"})


@kind
def dotted_names(draw: Draw, name: str) -> Piece:
    """``--optim.lr``, a key in a section."""
    section = dest_of(name)
    lines = [
        added(f"--{section}.rate", type="=float", default=0.1),
        added(f"--{section}.kind", choices=["a", "b"], default="a"),
        added("--deep-er.one.two", type="=int", dest=f"{section}.inner.two"),
    ]
    right = one_of(draw, (f"--{section}.rate", "1"), (f"--{section}.kind=b",), ("--deep-er.o", "3"))
    return Piece("\n".join(lines), right=(right,), refused={section: {"rate": "x"}})


@kind
def dashed_positionals(draw: Draw, name: str) -> Piece:
    """A positional with a dash, which stays in the namespace."""
    word = one_of(draw, "x", "y")
    return Piece(added(f"in-{name}"), always=(word,), refused={f"in-{name}": [1]})


@kind
def numbers_as_flags(draw: Draw, name: str) -> Piece:
    """Options that look like negative numbers, and numbers after options."""
    lines = [added(f"--{name}", type="=float", default=-0.5)]
    right = [(f"--{name}", "-3"), (f"--{name}", "-1e5"), (f"--{name}=-.5",)]
    if draw(st.booleans()):
        lines.append(added("-1", dest="one", action="store_true"))
        right = [(f"--{name}", "3"), ("-1",), (f"--{name}=-3", "-1")]
    return Piece(
        "\n".join(lines),
        right=tuple(right),
        wrong=((f"--{name}", "-2"), ("-7",)),
        refused={dest_of(name): "x"},
    )


@kind
def mixed_positionals(draw: Draw, name: str) -> Piece:
    """Positionals with options between them."""
    lines = [added("first"), added("others", nargs=one_of(draw, "*", "+"), type="=int")]
    lines.append(added(f"--{name}", type="=int"))
    line = one_of(
        draw,
        ("x", "1", "2", f"--{name}", "3"),
        (f"--{name}", "3", "x", "1"),
        ("x", f"--{name}", "3", "1"),
        ("x", "1", f"--{name}", "3", "2"),
    )
    return Piece("\n".join(lines), always=line, refused={"others": ["x"]})


@kind
def odd_numbers(draw: Draw, name: str) -> Piece:
    """Numbers without an end, and none."""
    default = one_of(draw, "=float('inf')", "=float('-inf')", "=float('nan')", 1e300)
    word = one_of(draw, "inf", "nan", "-inf", "1e400")
    return Piece(
        added(f"--{name}", type="=float", default=default),
        right=((f"--{name}={word}",),),
        refused={dest_of(name): "x"},
    )


@kind
def helps_that_cannot_be_formatted(draw: Draw, name: str) -> Piece:
    """A help whose percent signs argparse fails on."""
    text = one_of(draw, "100%", "%(missing)s", "%d of", "%(type)s")
    return Piece(
        added(f"--{name}", type="=int", help=text), right=(("--help",), (f"--{name}", "3"))
    )


@kind
def helps_that_are_no_text(draw: Draw, name: str) -> Piece:
    """A help that is a list, a number or the like, by mistake."""
    text = one_of(draw, ["a", "b"], 50, ("a",), True, {"a": 1})
    keywords = one_of(draw, {"type": "=int", "default": 3}, {"action": "store_true"})
    return Piece(added(f"--{name}", help=text, **keywords), right=(("--help",),))


@kind
def constants_of_any_type(draw: Draw, name: str) -> Piece:
    """Constants that are lists, functions, enum members or paths."""
    const = one_of(draw, "=[1, 2]", "=(1, 2)", "=lower", "=Optimizer.ADAM", "=Path('x')", "=float")
    action = one_of(draw, "store_const", "append_const")
    return Piece(added(f"--{name}", action=action, const=const), right=((f"--{name}",),))


@kind
def ways_to_leave(draw: Draw, name: str) -> Piece:
    """Versions, helps, and parsers that raise instead of exiting."""
    parser = one_of(
        draw, "ArgumentParser()", "Raising()", "ArgumentParser(exit_on_error=False)",
        "ArgumentParser(prog='p', usage='%(prog)s -x', epilog='end', description='100 %%')",
    )  # fmt: skip
    lines = [
        f"parser = {parser}",
        added("--version", action="version", version="%(prog)s 1.0"),
        added(f"--{name}", type="=int", default=1),
    ]
    return Piece(
        "\n".join(lines),
        right=(("--version",), ("--help",), (f"--{name}", "3")),
        wrong=((f"--{name}", "x"), ("--nothing",)),
        refused={dest_of(name): "x"},
    )


@kind
def replaced_arguments(draw: Draw, name: str) -> Piece:
    """``conflict_handler="resolve"``: the later one of two counts."""
    lines = [
        "parser = ArgumentParser(conflict_handler='resolve')",
        added(f"--{name}", "-x", type="=float", default=0.5),
        added(f"--{name}", type="=int", default=3),
    ]
    right = one_of(draw, (f"--{name}", "2"), ("-x", "1.5"))
    return Piece("\n".join(lines), right=(right,))
