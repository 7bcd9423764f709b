"""How arguments stand together: shared names, groups, commands, parents."""

from __future__ import annotations

from hypothesis import strategies as st

from .drawing import Draw, added, dest_of, kind, one_of
from .programs import Piece


@kind
def pairs_of_switches(draw: Draw, name: str) -> Piece:
    """A switch and its opposite, which share an argument."""
    dest = dest_of(name)
    lines = [
        added(f"--{name}", dest=dest, action="store_true"),
        added(f"--not-{name}", dest=dest, action="store_false"),
    ]
    if draw(st.booleans()):
        lines.append(f"parser.set_defaults({dest}={one_of(draw, False, None, True)!r})")
    return Piece("\n".join(lines), right=((f"--{name}",), (f"--not-{name}",)))


@kind
def exclusive_pairs_of_switches(draw: Draw, name: str) -> Piece:
    """A switch and its opposite, which share an argument and exclude each other."""
    dest = dest_of(name)
    required = one_of(draw, "", "", "required=True")
    lines = [
        f"pair_{dest} = parser.add_mutually_exclusive_group({required})",
        added(f"--{name}", parser=f"pair_{dest}", dest=dest, action="store_true"),
        added(f"--not-{name}", parser=f"pair_{dest}", dest=dest, action="store_false"),
        f"parser.set_defaults({dest}={one_of(draw, False, None, True)!r})",
    ]
    one = one_of(draw, (f"--{name}",), (f"--not-{name}",))
    return Piece(
        "\n".join(lines),
        right=() if required else (one,),
        wrong=((f"--{name}", f"--not-{name}"),),
        always=one if required else (),
    )


@kind
def one_dest_of_two_types(draw: Draw, name: str) -> Piece:
    """Two flags of one argument that take different values."""
    dest = dest_of(name)
    first, second = one_of(
        draw,
        ({"action": "store_const", "const": "a"}, {"action": "store_const", "const": "b"}),
        ({"type": "=int"}, {"action": "store_const", "const": "b"}),
        ({"type": "=int", "default": 1}, {"action": "store_true"}),
    )
    lines = [
        added(f"--{name}", dest=dest, **first),
        added(f"--not-{name}", dest=dest, **second),
    ]
    one = (f"--{name}", "3") if "type" in first else (f"--{name}",)
    return Piece("\n".join(lines), right=(one, (f"--not-{name}",)))


@kind
def exclusive_groups(draw: Draw, name: str) -> Piece:
    """Arguments of which one at most is given."""
    dest = dest_of(name)
    required = one_of(draw, "", "required=True")
    default = one_of(draw, {}, {"default": 3}, {"default": "3"})
    lines = [
        f"group_{dest} = parser.add_mutually_exclusive_group({required})",
        added(f"--{name}", parser=f"group_{dest}", type="=int", **default),
        added(f"--{name}-all", parser=f"group_{dest}", action="store_true"),
        added(f"--{name}-list", parser=f"group_{dest}", nargs="*"),
    ]
    one = one_of(draw, (f"--{name}", "4"), (f"--{name}-all",), (f"--{name}-list", "a"))
    return Piece(
        "\n".join(lines),
        right=() if required else (one,),
        wrong=((f"--{name}", "4", f"--{name}-all"),),
        always=one if required else (),
        refused={dest: 5, f"{dest}_all": True},
    )


@kind
def groups(draw: Draw, name: str) -> Piece:
    """Titled groups, and exclusive groups inside of them."""
    dest = dest_of(name)
    lines = [
        f"group_{dest} = parser.add_argument_group('{name}')",
        added(f"--{name}", parser=f"group_{dest}", type="=int", default=1),
        f"inner_{dest} = group_{dest}.add_mutually_exclusive_group()",
        added(f"--{name}-a", parser=f"inner_{dest}", action="store_true"),
        added(f"--{name}-b", parser=f"inner_{dest}", type="=int"),
    ]
    right = one_of(draw, (f"--{name}", "3"), (f"--{name}-a",), (f"--{name}-b", "2"))
    return Piece(
        "\n".join(lines),
        right=(right,),
        wrong=((f"--{name}-a", f"--{name}-b", "1"),),
        refused={f"{dest}_b": "x"},
    )


@kind
def subparsers(draw: Draw, name: str) -> Piece:
    """Commands with arguments of their own, some by the names of the outer ones."""
    dest = dest_of(name)
    keywords = one_of(draw, f"dest='{dest}'", "", f"dest='{dest}', required=True")
    lines = [
        added("--shared", type="=int", default=1),
        f"commands = parser.add_subparsers({keywords})",
        "train = commands.add_parser('train', aliases=['t'])",
        added("--rate", parser="train", type="=float", default=0.1),
        added("--shared", parser="train", type="=int", default=2),
        "test = commands.add_parser('test')",
        added("checkpoint", parser="test"),
    ]
    if draw(st.booleans()):
        lines += [
            "inner = train.add_subparsers(dest='how')",
            added("--depth", parser="inner.add_parser('deep')", type="=int", default=3),
        ]
        inner: tuple[str, ...] = one_of(draw, (), ("deep",), ("deep", "--depth", "5"))
    else:
        inner = ()
    line = one_of(
        draw,
        (*one_of(draw, ("train",), ("t", "--rate", "1"), ("train", "--shared", "7")), *inner),
        ("test", "x"),
    )
    return Piece(
        "\n".join(lines),
        right=(("--shared", "5"),),
        wrong=(("deploy",), ("test",)),
        always=line if "required" in keywords or draw(st.booleans()) else (),
        refused={"shared": "x"},
    )


@kind
def subparsers_with_functions(draw: Draw, name: str) -> Piece:
    """Commands that keep the function that runs them, and say what else differs."""
    dest = dest_of(name)
    lines = [
        f"commands = parser.add_subparsers(dest='{dest}')",
        "train = commands.add_parser('train')",
        added("--rate", parser="train", type="=float", default=0.1),
        one_of(draw, "train.set_defaults(func=lower)", "train.set_defaults(rate=9.0, stage='x')"),
    ]
    return Piece("\n".join(lines), always=one_of(draw, ("train",), ("train", "--rate", "1"), ()))


@kind
def parents(draw: Draw, name: str) -> Piece:
    """Arguments that come from another parser, which may be parsed itself."""
    dest = dest_of(name)
    lines = [
        "parent = ArgumentParser(add_help=False)",
        added(f"--{name}", parser="parent", type="=int", default=1),
        "parent_group = parent.add_mutually_exclusive_group()",
        added("--fast", parser="parent_group", action="store_true"),
        added("--slow", parser="parent_group", action="store_true"),
        one_of(draw, "", f"parent.set_defaults({dest}=5)"),
        "parser = ArgumentParser(parents=[parent])",
    ]
    return Piece(
        "\n".join(line for line in lines if line),
        right=((f"--{name}", "3"), ("--fast",)),
        wrong=(("--fast", "--slow"),),
        refused={dest: "x"},
    )
