"""Types and actions of the script's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

from .drawing import Draw, added, dest_of, kind, one_of
from .programs import Piece


@kind
def boolean_functions(draw: Draw, name: str) -> Piece:
    """Booleans with a type function."""
    keywords, words = one_of(
        draw,
        ({"type": "=str2bool", "default": True}, ("no", "true")),
        ({"type": "=str2bool", "nargs": "?", "const": True, "default": False}, ("no", "true")),
        ({"type": "=plain_bool"}, ("true", "FALSE")),
        ({"type": "=lambda x: x == '1'", "default": False}, ("1", "0")),
        ({"type": "=lambda x: bool(int(x))", "default": True}, ("1", "0")),
        ({"type": "=eval", "choices": [True, False], "default": True}, ("True", "False")),
        ({"type": "=bool", "default": True}, ("x", "")),
        ({"type": "=str2bool", "nargs": "+", "default": [True, False]}, ("no", "true")),
    )
    return Piece(
        added(f"--{name}", **keywords),
        right=tuple((f"--{name}", word) for word in words),
        wrong=((f"--{name}", "perhaps"),),
        refused={}
        if "lambda" in str(keywords) or "=bool" in str(keywords)
        else {dest_of(name): "?"},
    )


@kind
def converting_functions(draw: Draw, name: str) -> Piece:
    """Types that make lists, tuples, mappings and numbers of a word."""
    keywords, words = one_of(
        draw,
        ({"type": "=ints", "default": [1, 2]}, ("1,2", "3")),
        ({"type": "=ints"}, ("1,2", "3")),
        ({"type": "=pair", "default": (0.9, 0.999)}, ("1,2",)),
        ({"type": "=pairs", "default": {}}, ("a=1,b=2",)),
        ({"type": "=json.loads"}, ('{"a": [1]}', "[1, 2]", "3", "true", "null", '"x"')),
        ({"type": "=int_or_none", "default": 3}, ("none", "4")),
        ({"type": "=level"}, ("low", "high")),
        ({"type": "=level", "choices": [1, 2]}, ("low", "high")),
        ({"type": "=lambda x: int(float(x))", "default": 1}, ("1e3", "2")),
        ({"type": "=lambda x: [float(i) for i in x.split('-')]"}, ("1-2",)),
        ({"type": "=str.split"}, ("a b", "c")),
        ({"type": "=ints", "nargs": "+", "default": [[1]]}, ("1,2", "3")),
        ({"type": "=ints", "action": "append", "default": []}, ("1,2", "3")),
    )
    right = tuple((f"--{name}", word) for word in words)
    return Piece(added(f"--{name}", **keywords), right=right, wrong=((f"--{name}", "?,"),))


@kind
def checking_functions(draw: Draw, name: str) -> Piece:
    """Types that return what they take, or refuse it."""
    keywords, words = one_of(
        draw,
        ({"type": "=fraction", "default": 0.5}, ("0.1", "1")),
        ({"type": "=fraction", "nargs": 2}, ("0.1", "1")),
        ({"type": "=lower", "choices": ["a", "b"]}, ("A", "b")),
        ({"type": "=lower", "default": None}, ("A", "b")),
    )
    right: tuple[tuple[str, ...], ...] = tuple((f"--{name}", word) for word in words)
    if "nargs" in keywords:
        right = ((f"--{name}", *words),)
    refused = {} if keywords.get("type") == "=lower" else {dest_of(name): ["2", "2"]}
    return Piece(
        added(f"--{name}", **keywords), right=right, wrong=((f"--{name}", "2"),), refused=refused
    )


@kind
def hugging_face_booleans(draw: Draw, name: str) -> Piece:
    """What ``HfArgumentParser`` of transformers makes of a dataclass's booleans."""
    dest = dest_of(name)
    spellings = (f"--{dest}",) if dest == name else (f"--{dest}", f"--{name}")
    keywords, words = one_of(
        draw,
        ({"type": "=str2bool", "default": False, "nargs": "?", "const": True}, ("false", None)),
        ({"type": "=str2bool", "default": None, "nargs": "?", "const": True}, ("1", None)),
    )
    lines = [added(*spellings, **keywords)]
    right = tuple((spellings[0], word) if word else (spellings[0],) for word in words)
    if keywords["default"] is False and draw(st.booleans()):
        lines = [added(*spellings, **{**keywords, "default": True})]
        lines.append(added(f"--no_{dest}", action="store_false", default=False, dest=dest))
        lines.append(f"parser.set_defaults({dest}=True)")
        right = (*right, (f"--no_{dest}",))
    return Piece("\n".join(lines), right=right, wrong=((spellings[0], "perhaps"),))


@kind
def hugging_face_fields(draw: Draw, name: str) -> Piece:
    """What ``HfArgumentParser`` of transformers makes of a dataclass's other fields."""
    dest = dest_of(name)
    spellings = (f"--{dest}",) if dest == name else (f"--{dest}", f"--{name}")
    keywords, words = one_of(
        draw,
        (
            {"type": "=choice_of('no', 'steps')", "choices": ["no", "steps"], "default": "no"},
            ("no",),
        ),
        ({"type": "=choice_of(1, 'auto')", "choices": [1, "auto"], "default": 1}, ("1", "auto")),
        ({"type": "=int", "default": None}, ("3",)),
        ({"type": "=str", "nargs": "+", "default": ["a"]}, ("a",)),
        ({"type": "=json.loads", "default": {}}, ("{}", '{"a": 1}')),
    )
    right = tuple((spellings[0], word) for word in words)
    return Piece(added(*spellings, **keywords), right=right, wrong=((spellings[0],),))


def choosing(name: str, keywords: dict[str, Any], words: Iterable[str]) -> Piece:
    """A flag that takes some words, and refuses "zz" in a command line and in a config."""
    return Piece(
        added(f"--{name}", **keywords),
        right=tuple((f"--{name}", word) for word in words),
        wrong=((f"--{name}", "zz"),),
        refused={dest_of(name): "zz"},
    )


@kind
def enums(draw: Draw, name: str) -> Piece:
    """Enum types, by value and by name."""
    keywords, words = one_of(
        draw,
        ({"type": "=Optimizer"}, ("adam", "sgd")),
        ({"type": "=Phase.of", "default": "=Phase.WARM"}, ("MAIN",)),
        ({"type": "=lambda x: Size(int(x))", "default": "=Size.SMALL"}, ("32",)),
        (
            {"choices": "=[o.value for o in Optimizer]", "default": "=Optimizer.ADAM.value"},
            ("sgd",),
        ),
    )
    return choosing(name, keywords, words)


@kind
def enum_choices(draw: Draw, name: str) -> Piece:
    """Enum members as choices, and several of them by default."""
    keywords, words = one_of(
        draw,
        ({"type": "=Optimizer", "nargs": "+", "default": "=[Optimizer.ADAM]"}, ("sgd", "adam")),
        (
            {"type": "=Optimizer", "default": "=Optimizer.ADAM", "choices": "=list(Optimizer)"},
            ("sgd",),
        ),
        ({"type": "=Phase.of", "choices": "=list(Phase)"}, ("MAIN",)),
    )
    return choosing(name, keywords, words)


@kind
def files_and_paths(draw: Draw, name: str) -> Piece:
    """Paths, and types that open files."""
    keywords, word = one_of(
        draw,
        ({"type": "=Path", "default": "=Path('runs')"}, "out/x"),
        ({"type": "=Path", "default": "runs"}, "."),
        ({"type": "=Path", "nargs": "*"}, "out"),
        ({"type": "=os.path.expanduser", "default": "~/x"}, "~/y"),
        ({"type": "=argparse.FileType('r')"}, "argument.txt"),
        ({"type": "=opened()"}, "argument.txt"),
        ({"type": "=open"}, "argument.txt"),
    )
    return Piece(
        added(f"--{name}", **keywords),
        right=((f"--{name}", word),),
        wrong=((f"--{name}", "missing/file"),),
    )


@kind
def files_that_are_written(draw: Draw, name: str) -> Piece:
    """Types that make a file, which is the program's business and no check's."""
    kind_of_type = one_of(draw, "=opened('w')", "=argparse.FileType('w')")
    return Piece(added(f"--{name}", type=kind_of_type), right=((f"--{name}", "made.txt"),))


@kind
def actions_of_its_own(draw: Draw, name: str) -> Piece:
    """Action classes of the script, with ``nargs`` and without."""
    keywords, right = one_of(
        draw,
        ({"action": "=KeyValue", "nargs": "*", "default": {}}, (("a=1", "b=2"), ())),
        ({"action": "=KeyValue", "nargs": "+"}, (("a=1",),)),
        ({"action": "=KeyValue", "metavar": "K=V"}, (("a=1",),)),
        ({"action": "=Joined", "nargs": 2}, (("a", "b"),)),
        ({"action": "=Length", "nargs": "+", "default": 0}, (("a", "b"),)),
        ({"action": "=InPlace", "default": []}, (("a",),)),
        ({"action": "=Nothing", "type": "=int", "default": 4}, (("3",),)),
        ({"action": "=Nothing", "nargs": 0}, ((),)),
    )
    return Piece(added(f"--{name}", **keywords), right=tuple((f"--{name}", *r) for r in right))


@kind
def switches_of_its_own(draw: Draw, name: str) -> Piece:
    """A switch by an action class of the script."""
    source = added(f"--{name}", f"--no-{name}", action="=Switch", default=one_of(draw, True, None))
    return Piece(source, right=((f"--{name}",), (f"--no-{name}",)))


@kind
def actions_that_set_more(draw: Draw, name: str) -> Piece:
    """Action classes that set other arguments than their own."""
    dest = dest_of(name)
    if draw(st.booleans()):
        source = "\n".join(
            [
                added(f"--{name}", action="=Preset"),
                added(f"--{dest}_preset", type="=float", default=1.0),
            ]
        )
        return Piece(
            source, right=((f"--{name}", "x"), (f"--{name}", "x", f"--{dest}_preset", "2"))
        )
    source = "\n".join([added(f"--{name}", action="=Again"), added(f"--{dest}_other", default="o")])
    return Piece(source, right=((f"--{name}", f"{dest}_other"),))
