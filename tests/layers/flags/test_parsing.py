"""Which flags were given to argparse, which is watched."""

from __future__ import annotations

import argparse
import copy
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from runsettings.layers.flags.namespace import argument_trees, given_of
from runsettings.layers.flags.parsing import parse_args, parse_known_args
from runsettings.models.settings import Settings
from runsettings.values.origin import Layer


class Preset(argparse.Action):
    """Sets other arguments than its own."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        """Act on the values."""
        namespace.lr = "7"
        namespace.layers = [values]


class InPlace(argparse.Action):
    """Changes its value in place, without `setattr`."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        """Act on the values."""
        vars(namespace)[self.dest] = values


def build(**options: Any) -> argparse.ArgumentParser:
    """A parser with one argument of every kind."""
    parser = argparse.ArgumentParser(**options)
    parser.add_argument("data", nargs="?", default="mnist")
    parser.add_argument("-l", "--lr", "--learning-rate", type=float, default="0.1")
    parser.add_argument("--layers", nargs="+", type=int, default=[1])
    parser.add_argument("--tag", action="append", default=[])
    parser.add_argument("--amp", action="store_true")
    parser.add_argument("--no-cache", action="store_false", dest="cache")
    parser.add_argument("--fast", action="store_const", const="fast", dest="mode")
    parser.add_argument("-v", "--verbose", action="count", default=0)
    parser.add_argument("--bias", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--maybe", nargs="?", const="on")
    parser.add_argument("--pair", nargs=2)
    parser.add_argument("--any", nargs="*")
    parser.add_argument("--hidden", default=argparse.SUPPRESS)
    parser.add_argument("--preset", action=Preset)
    parser.add_argument("--in-place", action=InPlace)
    parser.set_defaults(func="train")
    return parser


@pytest.mark.parametrize(
    ("line", "given"),
    [
        ("", {}),
        ("cifar", {"data": "data"}),
        ("--lr 0.1", {"lr": "--lr"}),
        ("--lr=0.1", {"lr": "--lr"}),
        ("-l0.1", {"lr": "-l"}),
        ("--learn 3", {"lr": "--learning-rate"}),
        ("--layers 1 2", {"layers": "--layers"}),
        ("--tag a --tag b", {"tag": "--tag"}),
        ("--amp", {"amp": "--amp"}),
        ("--no-cache", {"cache": "--no-cache"}),
        ("--fast", {"mode": "--fast"}),
        ("-vvv", {"verbose": "-v"}),
        ("-v --verbose", {"verbose": "--verbose"}),
        ("--bias", {"bias": "--bias"}),
        ("--no-b", {"bias": "--no-bias"}),
        ("--maybe", {"maybe": "--maybe"}),
        ("--maybe x", {"maybe": "--maybe"}),
        ("--pair a b", {"pair": "--pair"}),
        ("--any", {"any": "--any"}),
        ("--hidden 1", {"hidden": "--hidden"}),
        ("--preset 5", {"lr": "--preset", "layers": "--preset"}),
        ("--preset 5 --lr 1", {"lr": "--lr", "layers": "--preset"}),
        ("--in-place 5", {"in_place": "--in-place"}),
        ("-- cifar", {"data": "data"}),
        ("cifar --lr 3 --amp", {"data": "data", "lr": "--lr", "amp": "--amp"}),
    ],
)
def test_given_flags_are_told_from_defaults(line: str, given: dict[str, str]) -> None:
    """Exactly the arguments that the command line set are given, by the flag that set them."""
    namespace = parse_args(build(), line.split())
    assert namespace.given == given
    assert vars(namespace) == vars(build().parse_args(line.split()))


def subcommands() -> argparse.ArgumentParser:
    """A parser with two levels of subparsers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", default="1", type=int)
    commands = parser.add_subparsers(dest="command")
    train = commands.add_parser("train", aliases=["t"])
    train.add_argument("--lr", default="0.1", type=float)
    train.add_argument("files", nargs="*", default=["a"])
    train.set_defaults(func="train")
    inner = train.add_subparsers()
    deep = inner.add_parser("deep")
    deep.add_argument("--depth", default="3", type=int)
    return parser


@pytest.mark.parametrize(
    ("line", "given"),
    [
        ("", {}),
        ("--seed 1", {"seed": "--seed"}),
        ("train", {"command": "command"}),
        ("t --lr 1 x deep", {"command": "command", "lr": "--lr", "files": "files"}),
        ("train x deep --depth 3", {"command": "command", "files": "files", "depth": "--depth"}),
    ],
)
def test_subparsers_are_watched_too(line: str, given: dict[str, str]) -> None:
    """A flag of a subparser is given like one of the main parser; its defaults are not."""
    namespace = parse_args(subcommands(), line.split())
    assert namespace.given == given
    assert vars(namespace) == vars(subcommands().parse_args(line.split()))


@pytest.mark.parametrize(("line", "given"), [("", {}), ("a --b", {"rest": "rest"})])
def test_the_remainder_is_given_if_there_is_one(line: str, given: dict[str, str]) -> None:
    """A positional that takes the rest of the line is given where a rest is left."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rest", nargs=argparse.REMAINDER)
    assert parse_args(parser, line.split()).given == given


def test_parents_and_groups_are_watched_too() -> None:
    """Arguments of parent parsers, groups and exclusive groups are arguments like others."""
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument("--seed", type=int, default=1)
    parser = argparse.ArgumentParser(parents=[parent])
    group = parser.add_argument_group("optimizer")
    group.add_argument("--lr", type=float, default=0.1)
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--cpu", action="store_true")
    either.add_argument("--gpu", action="store_true")
    namespace = parse_args(parser, ["--seed", "1", "--lr", "0.1", "--gpu"])
    assert namespace.given == {"seed": "--seed", "lr": "--lr", "gpu": "--gpu"}


def test_arguments_from_files_are_given(jail: Any) -> None:
    """A file of arguments is part of the command line."""
    jail.write("more.txt", "--lr\n3\n")
    namespace = parse_args(build(fromfile_prefix_chars="@"), ["@more.txt"])
    assert namespace.given == {"lr": "--lr"}


def test_unknown_arguments_are_handed_back() -> None:
    """The variant for unknown arguments knows the given ones as well, below subparsers too."""
    namespace, rest = parse_known_args(subcommands(), ["train", "--lr", "1", "x", "deep", "--zap"])
    assert (namespace.given["lr"], rest) == ("--lr", ["--zap"])
    namespace, rest = parse_known_args(build(), ["--zap", "--lr", "1"])
    assert (namespace.given, rest) == ({"lr": "--lr"}, ["--zap"])


def test_the_process_line_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without arguments, those of the process are parsed."""
    monkeypatch.setattr(sys, "argv", ["train.py", "--lr", "2"])
    assert parse_args(build()).given == {"lr": "--lr"}


def test_a_namespace_is_started_from_and_filled() -> None:
    """A namespace that is passed keeps its attributes, receives the others, and none is given."""
    start = argparse.Namespace(lr=9.0, extra=1)
    namespace = parse_args(build(), ["--amp"], start)
    assert (namespace.lr, namespace.extra, namespace.given) == (9.0, 1, {"amp": "--amp"})
    assert vars(start) == vars(namespace)


def test_given_survives_a_second_parse_into_the_same_namespace() -> None:
    """What an earlier parse was given stays given."""
    first = parse_args(build(), ["--amp"])
    assert parse_args(build(), ["--lr", "2"], first).given == {"amp": "--amp", "lr": "--lr"}


def test_a_wrong_command_line_ends_as_without_us(capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code and the usage on stderr are argparse's, and the parser is as it was."""
    parser = build()
    before = dict(vars(parser))
    with pytest.raises(SystemExit) as ended:
        parse_args(parser, ["--lr", "x"])
    assert ended.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(parser.format_usage())
    assert "--lr: must be a number; got 'x'" in output.err
    assert vars(parser) == before


@pytest.mark.parametrize("parse", [parse_args, parse_known_args])
def test_what_is_no_parser_is_refused(parse: Any) -> None:
    """The parser comes first; a command line in its place is told so in plain words."""
    with pytest.raises(TypeError, match=r"expected an argparse\.ArgumentParser .* got list"):
        parse(["--lr", "2"])


def test_namespace_behaves_like_a_plain_one() -> None:
    """Comparing, printing and copying show the arguments; the copies remember."""
    namespace = parse_args(build(), ["--lr", "2"])
    plain = build().parse_args(["--lr", "2"])
    assert namespace == plain
    assert repr(namespace) == repr(plain).replace("Namespace", "GivenNamespace", 1)
    assert "lr" in namespace
    for twin in (copy.copy(namespace), copy.deepcopy(namespace)):
        assert twin == namespace
        assert twin.given == namespace.given


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_loads_where_runsettings_is_not_installed(protocol: int) -> None:
    """A checkpoint that holds the arguments holds a plain namespace of argparse's."""
    data = pickle.dumps({"args": parse_args(build(), ["--lr", "2"])}, protocol)
    code = "import pickle, sys; print(pickle.load(sys.stdin.buffer)['args'])"
    words = [sys.executable, "-I", "-S", "-c", code]
    printed = subprocess.run(words, input=data, capture_output=True, check=True).stdout
    assert printed.decode().strip() == repr(build().parse_args(["--lr", "2"]))


def test_pyyaml_dumps_it_as_a_plain_namespace() -> None:
    """What PyYAML writes names argparse alone, and loads."""
    text = yaml.dump(parse_args(build(), ["--lr", "2"]))
    assert "runsettings" not in text
    assert type(yaml.unsafe_load(text)) is argparse.Namespace


def test_a_process_that_is_started_knows_what_was_given(tmp_path: Path) -> None:
    """Arguments that multiprocessing hands to a spawned process still tell flags from defaults."""
    script = tmp_path / "spawning.py"
    script.write_text(SPAWNING)
    words = [sys.executable, script, "--lr", "2"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("{'lr': '--lr'}\n", "")


SPAWNING = """
import argparse, multiprocessing, runsettings
def work(args):
    print(dict(args.given), flush=True)
if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float)
    parser.add_argument("--epochs", type=int, default=3)
    args = runsettings.parse_args(parser)
    process = multiprocessing.get_context("spawn").Process(target=work, args=(args,))
    process.start()
    process.join()
"""


def test_what_code_assigns_is_given() -> None:
    """A value that code assigned after the parse is no default any more."""
    namespace = parse_args(build(), ["--amp"])
    namespace.lr = 3.0
    assert namespace.given == {"amp": "--amp", "lr": "args.lr"}
    assert str(argument_trees(namespace)[1].origin(("lr",))) == "args.lr"
    assert copy.copy(namespace).given == namespace.given


def test_arguments_may_have_any_name() -> None:
    """An argument called `given` or `self` is the user's, and what is given is still known."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--given")
    parser.add_argument("--self")
    namespace = parse_args(parser, ["--given", "mine"])
    assert namespace.given == "mine"
    assert given_of(namespace) == {"given": "--given"}
    assert argument_trees(namespace)[0].data == {"self": None}


def test_threads_may_share_a_parser() -> None:
    """Each of two threads that parse at once with one parser knows its own flags."""
    inside, proceed = threading.Event(), threading.Event()

    def slow(text: str) -> str:
        inside.set()
        assert proceed.wait(5)
        return text

    parser = argparse.ArgumentParser()
    parser.add_argument("--slow", type=slow)
    parser.add_argument("--lr")
    results: dict[str, Any] = {}

    def watched() -> None:
        results["watched"] = parse_args(parser, ["--slow", "x"])

    thread = threading.Thread(target=watched)
    thread.start()
    assert inside.wait(5)
    # Another thread parses plainly while the parser is being watched.
    results["plain"] = parser.parse_args(["--lr", "1"])
    proceed.set()
    thread.join(5)
    assert results["watched"].given == {"slow": "--slow"}
    assert type(results["plain"]) is argparse.Namespace
    assert parse_args(parser, ["--lr", "1"]).given == {"lr": "--lr"}


def test_an_action_may_parse() -> None:
    """A parse inside of a parse keeps its own record."""
    parser = build()

    class Nested(argparse.Action):
        def __call__(self, _: Any, namespace: Any, values: Any, option: Any = None) -> None:
            namespace.nested = parse_args(parser, ["--lr", values]).given

    outer = argparse.ArgumentParser()
    outer.add_argument("--nested", action=Nested)
    namespace = parse_args(outer, ["--nested", "3"])
    assert (namespace.nested, namespace.given) == ({"lr": "--lr"}, {"nested": "--nested"})


def test_trees_of_a_watched_namespace() -> None:
    """The defaults are one tree, and what was given another, with the flags as places."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch-size", type=int, default=1)
    parser.add_argument("--lr", type=float, default=0.1)
    defaults, given = argument_trees(parse_args(parser, ["--lr", "0.1"]))
    assert (defaults.layer, defaults.data) == (Layer.DEFAULT, {"batch_size": 1})
    assert str(defaults.origin(("batch_size",))) == "--batch-size"
    assert (given.layer, given.data) == (Layer.FLAG, {"lr": 0.1})
    assert str(given.origin(("lr",))) == "--lr"


def test_trees_of_a_plain_namespace() -> None:
    """A plain namespace counts as given as a whole: it does not know better."""
    defaults, given = argument_trees(argparse.Namespace(batch_size=1))
    assert defaults.data == {}
    assert given.data == {"batch_size": 1}
    assert str(given.origin(("batch_size",))) == "--batch-size"


def test_defaults_are_named_by_their_flags() -> None:
    """A default has the place of its action as declared, or of the code that set it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-v", action="count")
    parser.add_argument("--b_s")
    parser.add_argument("--no-cuda", dest="cuda", action="store_false")
    parser.add_argument("model", nargs="?", default="mlp")
    parser.set_defaults(seed=1)
    defaults, _ = argument_trees(parse_args(parser, [], argparse.Namespace(extra=1)))
    assert {name: str(defaults.origin((name,))) for name in defaults.data} == {
        "v": "-v",
        "b_s": "--b_s",
        "cuda": "--no-cuda",
        "model": "model",
        "seed": "set_defaults(seed=)",
        "extra": "args.extra",
    }


def test_a_flag_that_a_subcommand_overwrites_is_not_given() -> None:
    """A subcommand puts its default over a flag given before it; the value is a default."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--name")
    train = parser.add_subparsers(dest="command").add_parser("train")
    train.add_argument("--seed", type=int, default=2)
    train.add_argument("--lr", type=float)
    namespace = parse_args(parser, ["--seed=9", "--name=x", "train", "--lr=3"])
    assert namespace.seed == 2
    assert dict(given_of(namespace)) == {"name": "--name", "command": "command", "lr": "--lr"}
    assert given_of(parse_args(parser, ["--seed=9", "train", "--seed=3"]))["seed"] == "--seed"


@pytest.mark.parametrize(
    "launcher",
    [
        "/usr/lib/python3/site-packages/ipykernel_launcher.py",
        "/usr/local/lib/python3/dist-packages/colab_kernel_launcher.py",
        "/venv/lib/ipykernel/__main__.py",
    ],
)
@pytest.mark.parametrize(
    "words",
    [["-f", "/run/kernel-1.json"], ["--f=/run/kernel-1.json"], ["-f", "k", "--HistoryManager.x=y"]],
)
@pytest.mark.parametrize("parse", [parse_args, lambda parser: parse_known_args(parser)[0]])
def test_the_arguments_of_a_kernel_are_not_the_program_s(monkeypatch, launcher, words, parse):
    """In a notebook, `-f` would be an unknown flag, or the short form of one of the program."""
    monkeypatch.setattr(sys, "argv", [launcher, *words])
    parser = argparse.ArgumentParser()
    parser.add_argument("-f", "--file", default="x")
    Settings.add_arguments(parser, only=["quiet"])
    args = parse(parser)
    assert (args.file, args._given_flags) == ("x", {})


@pytest.mark.parametrize("program", ["train.py", "ipykernel.py", "/x/__main__.py", ""])
def test_the_arguments_of_any_other_program_are_read(monkeypatch, program):
    """Also those that look like a kernel's, and those that a notebook passes itself."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-f")
    monkeypatch.setattr(sys, "argv", [program, "-f", "kernel-1.json"])
    assert parse_args(parser).f == "kernel-1.json"
    monkeypatch.setattr(sys, "argv", ["ipykernel_launcher.py", "-f", "kernel-1.json"])
    assert parse_args(parser, ["-f", "a"]).f == "a"
