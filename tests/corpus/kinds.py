"""The kinds of arguments that parsers of the field have, each as a generator of programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from .programs import Piece, Program

Draw = Callable[[st.SearchStrategy[Any]], Any]

KINDS: dict[str, Callable[[Draw, str], Piece]] = {}
"""Each kind by its name: what it draws becomes one piece of a parser, for an argument's name."""

NAMES = (
    "lr",
    "epochs",
    "batch-size",
    "seed",
    "data_dir",
    "name",
    "warm-up",
    "tags",
    "model",
    "opt",
)
WORDS: dict[str, tuple[str, ...]] = {
    "int": ("3", "-5", "0", "007", "1_000", "+2"),
    "float": ("0.1", "-1e-3", "1e5", "3", ".5", "inf"),
    "str": ("adam", "a b", "", "1e-3", "yes", "naïve", "None", "3"),
}
"""Words for the types that parsers have most; short ones come first, as examples shrink to them."""

WRONG: dict[str, str | None] = {"int": "1.5", "float": "fast", "str": None}
DEFAULTS: dict[str, tuple[Any, ...]] = {
    "int": (1, None, -1, 0),
    "float": (0.1, None, 1e-5, 3.0),
    "str": ("adam", None, "", "1e-3"),
}
HELPS = (None, "what it is", "default: %(default)s", "100 %% of %(dest)s", "", "SUPPRESS")


def kind(function: Callable[[Draw, str], Piece]) -> Callable[[Draw, str], Piece]:
    """Register a kind by the name of its function."""
    KINDS[function.__name__] = function
    return function


def one_of(draw: Draw, *values: Any) -> Any:
    """One of the values; examples shrink to the first."""
    return draw(st.sampled_from(values))


def added(*flags: str, parser: str = "parser", **keywords: Any) -> str:
    """The statement that adds an argument; a keyword whose value begins with ``=`` is source."""
    words = [repr(flag) for flag in flags]
    for name, value in keywords.items():
        is_source = isinstance(value, str) and value.startswith("=")
        words.append(f"{name}={value[1:] if is_source else repr(value)}")
    return f"{parser}.add_argument({', '.join(words)})"


def spelt(draw: Draw, flag: str, word: str) -> tuple[str, ...]:
    """A flag with its word, as one or as two."""
    return (f"{flag}={word}",) if draw(st.booleans()) or word[:1] == "-" else (flag, word)


def dest_of(flag: str) -> str:
    """The argument's name in the namespace."""
    return flag.lstrip("-").replace("-", "_")


def several(draw: Draw, words: tuple[str, ...], least: int = 0, most: int = 3) -> tuple[str, ...]:
    """Some of the words, in any order, also twice."""
    return tuple(draw(st.lists(st.sampled_from(words), min_size=least, max_size=most)))


# --- what nearly all parsers have ----------------------------------------------------------------


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


# --- defaults ------------------------------------------------------------------------------------


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


# --- types and actions of the script's own -------------------------------------------------------


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


@kind
def enums(draw: Draw, name: str) -> Piece:
    """Enum types, by value and by name."""
    keywords, words = one_of(
        draw,
        ({"type": "=Optimizer"}, ("adam", "sgd")),
        ({"type": "=Phase.of", "default": "=Phase.WARM"}, ("MAIN",)),
        ({"type": "=lambda x: Size(int(x))", "default": "=Size.SMALL"}, ("32",)),
        ({"type": "=Optimizer", "nargs": "+", "default": "=[Optimizer.ADAM]"}, ("sgd", "adam")),
        (
            {"choices": "=[o.value for o in Optimizer]", "default": "=Optimizer.ADAM.value"},
            ("sgd",),
        ),
    )
    return Piece(
        added(f"--{name}", **keywords),
        right=tuple((f"--{name}", word) for word in words),
        wrong=((f"--{name}", "zz"),),
        refused={dest_of(name): "zz"},
    )


@kind
def enum_choices(draw: Draw, name: str) -> Piece:
    """Enum members as choices."""
    keywords, words = one_of(
        draw,
        (
            {"type": "=Optimizer", "default": "=Optimizer.ADAM", "choices": "=list(Optimizer)"},
            ("sgd",),
        ),
        ({"type": "=Phase.of", "choices": "=list(Phase)"}, ("MAIN",)),
    )
    return Piece(
        added(f"--{name}", **keywords),
        right=tuple((f"--{name}", word) for word in words),
        wrong=((f"--{name}", "zz"),),
        refused={dest_of(name): "zz"},
    )


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


# --- how arguments stand together ----------------------------------------------------------------


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
        one_of(draw, "train.set_defaults(func=lower)", "train.set_defaults(rate=9.0, mode='x')"),
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


# --- how command lines are written ---------------------------------------------------------------


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


# --- programs ------------------------------------------------------------------------------------

_OWN_PARSER = "parser = "
"""A piece with a parser of its own comes first, and there is one of them at most."""

ALONE = {
    *("subparsers", "subparsers_with_functions", "parents", "argument_files", "abbreviations"),
    *("prefix_characters", "ways_to_leave", "replaced_arguments", "numbers_as_flags"),
    *("positionals", "mixed_positionals", "the_rest", "dotted_names"),
}
"""Kinds of which one is enough for a parser."""


@st.composite
def programs(draw: Draw, *names: str) -> Program:
    """Programs whose parsers have arguments of the kinds ``names``, and plain ones."""
    free = draw(st.permutations(NAMES))
    chosen = [one_of(draw, *names)]
    if chosen[0] not in ALONE:
        more = [each for each in names if each not in ALONE]
        chosen += draw(st.lists(st.sampled_from(more), max_size=2))
    chosen += ["plain"] * draw(st.integers(0, 1))
    pieces = [KINDS[each](draw, name) for each, name in zip(chosen, free, strict=False)]
    pieces.sort(key=lambda piece: _OWN_PARSER not in piece.source)
    source = "\n".join(piece.source for piece in pieces)
    if _OWN_PARSER not in source:
        source = f"{_OWN_PARSER}ArgumentParser()\n{source}"
    count = draw(st.integers(1, 2))
    lines = [_line(draw, pieces, good=draw(st.integers(0, 3)) < 3) for _ in range(count)]
    always = tuple(word for piece in pieces for word in piece.always)
    refused = tuple(piece.refused for piece in pieces if piece.refused)
    return Program(source, (always, *lines), refused)


def _line(draw: Draw, pieces: list[Piece], *, good: bool) -> tuple[str, ...]:
    chosen = [one_of(draw, *piece.right) for piece in pieces if piece.right]
    parts = list(draw(st.permutations([*(piece.always for piece in pieces), *chosen])))
    if not good:
        wrong = [words for piece in pieces for words in piece.wrong] or [("--unknown",)]
        place = draw(st.integers(0, len(parts)))
        parts.insert(place, one_of(draw, *wrong, ("--unknown", "3"), ("stray",)))
    return tuple(word for part in parts for word in part)
