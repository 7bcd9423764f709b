"""Composed files: their order, positions, profiles and references, and what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import runsettings
from runsettings import Config, ConfigError, Layer, Origin, Rule, SettingsWarning
from runsettings.composition.merge import merge
from runsettings.layers.call_site import Caller
from runsettings.runconfig.loading import gather_config


def write(name: str, text: str) -> None:
    """Write a file below the working directory."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def rules(name: str = "train.yaml", **options: Any) -> list[Rule]:
    """The rules that the errors of loading a file report."""
    with pytest.raises(ConfigError) as caught:
        Config.load(name, **options)
    return [each.rule for each in caught.value.diagnostics]


@pytest.fixture
def project(jail: Any) -> None:
    """The example of the documentation."""
    write(
        "train.yaml",
        "$config: 1\n$use: [base.yaml, {model: model/vit.yaml}]\n"
        "$profiles:\n  slurm: {workers: 16}\n"
        'optimizer: {lr: 0.01, steps: "${epochs}"}\ntags: {$append: [night]}\n',
    )
    write(
        "base.yaml",
        "$config: 1\noptimizer: {lr: 0.1, warmup: 100}\ntags: [baseline]\nepochs: 90\n",
    )
    write("model/vit.yaml", "width: 3\n")


@pytest.mark.usefixtures("project")
class TestProject:
    def test_values(self) -> None:
        """A file beats the files that it uses, and a reference keeps the type of its target."""
        assert Config.load("train.yaml").as_dict() == {
            "optimizer": {"lr": 0.01, "warmup": 100, "steps": 90},
            "tags": ["baseline", "night"],
            "epochs": 90,
            "model": {"width": 3},
        }

    def test_profile_of_the_call(self) -> None:
        """A profile stands above its own file."""
        assert Config.load("train.yaml", profiles=["slurm"])["workers"] == 16

    def test_profile_of_the_variable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The variable names profiles where the call names none."""
        monkeypatch.setenv("RUNSETTINGS_PROFILE", "slurm")
        assert Config.load("train.yaml")["workers"] == 16

    def test_unknown_profile(self) -> None:
        """A profile that no file has is an error with a proposal."""
        with pytest.raises(ConfigError, match="did you mean 'slurm'"):
            Config.load("train.yaml", profiles="slrum")

    def test_explain_shows_the_chain(self) -> None:
        """A value of a used file tells which file uses it, and where."""
        explained = Config.load("train.yaml").explain("optimizer.lr")
        assert "base.yaml:2:17   used by train.yaml:2:8" in explained

    def test_reference_keeps_both_places(self) -> None:
        """The origin of a reference is its own place, and then that of its target."""
        origin = Config.load("train.yaml").origin("optimizer.steps")
        assert str(origin) == "train.yaml:5:30 → base.yaml:4:9"

    def test_reference_waits_for_all_inputs(self) -> None:
        """A reference has the value that wins after all inputs."""
        assert Config.load(["train.yaml", {"epochs": 3}])["optimizer"]["steps"] == 3


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${b}", [1, 2]),
        ("${m.x}", 0.5),
        ("${m}", {"x": 0.5}),
        ("${.m.x}", 0.5),
        ("${b[1]}", 2),
        ("n-${m.x}", "n-0.5"),
        ("$${b}", "${b}"),
        ("${env:NAME}", "8"),
        ("${env:OTHER:a:b}", "a:b"),
        ("costs $5", "costs $5"),
    ],
)
def test_references(jail: Any, monkeypatch: pytest.MonkeyPatch, text: str, value: Any) -> None:
    """Each form of a reference has the value that it refers to."""
    monkeypatch.setenv("NAME", "8")
    write("train.yaml", f'$config: 1\na: "{text}"\nb: [1, 2]\nm: {{x: 0.5}}\n')
    assert Config.load("train.yaml")["a"] == value


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        ("json", ('{"$schema": "s", "$config": 1, "$use": ["low.yaml"], "t": {"$append": [2]},'
                 ' "m": {"$replace": {"b": 1}}, "x": {"$delete": true}}')),
        ("toml", ('"$config" = 1\n"$use" = ["low.yaml"]\nt = {"$append" = [2]}\n'
                 'm = {"$replace" = {b = 1}}\nx = {"$delete" = true}\n')),
        ("yaml", ("$config: 1\n$use: [low.yaml]\nt: {$append: [2]}\nm: {$replace: {b: 1}}\n"
                 "x: {$delete: true}\n")),
        ("yaml", ("$config: 1\n$use: [low.yaml]\nt: !append [2]\nm: !replace {b: 1}\n"
                 "x: !delete\n")),
    ],
)  # fmt: skip
def test_directives_in_every_format(jail: Any, suffix: str, text: str) -> None:
    """The directives mean the same in every format, and their values keep their lines."""
    write("low.yaml", "t: [1]\nm: {a: 1}\nx: 1\n")
    write(f"train.{suffix}", text)
    config = Config.load(f"train.{suffix}")
    assert config.as_dict() == {"t": [1, 2], "m": {"b": 1}}
    assert config.origin("m.b").line is not None


def test_plain_files_have_no_magic(jail: Any) -> None:
    """In a file without `$config` as first key, `$` names and references are data."""
    write("train.yaml", "a: 1\n$use: [b.yaml]\nr: ${a}\n")
    assert Config.load("train.yaml").as_dict() == {"a": 1, "$use": ["b.yaml"], "r": "${a}"}


def test_late_config_is_told(jail: Any) -> None:
    """A `$config` after other keys makes no composed file, and is told."""
    write("train.yaml", "a: 1\n$config: 1\n")
    assert [each.rule for each in Config.load("train.yaml").diagnostics] == [Rule.LATE_CONFIG]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("$use: [missing.yaml]", Rule.UNREADABLE_FILE),
        ("$use: [https://example.org/a.yaml]", Rule.UNREADABLE_FILE),
        ("$use: [/dev/zero]", Rule.UNREADABLE_FILE),
        ("$use: [.]", Rule.UNREADABLE_FILE),
        ("$use: [train.yaml]", Rule.CIRCULAR),
        ("$use: [3]", Rule.BAD_COMPOSITION),
        ("$uses: [a.yaml]", Rule.UNKNOWN_DIRECTIVE),
        ("a: {$apend: [1]}", Rule.UNKNOWN_DIRECTIVE),
        ("a: {$append: 1}", Rule.BAD_COMPOSITION),
        ("a: {$append: [1], b: 2}", Rule.BAD_COMPOSITION),
        ("$profiles: [a]", Rule.BAD_COMPOSITION),
        ("a: ${nope}", Rule.UNKNOWN_REFERENCE),
        ("a: ${env:NOPE}", Rule.UNKNOWN_REFERENCE),
        ("a: ${now:x}", Rule.BAD_COMPOSITION),
        ("a: '${b'", Rule.SYNTAX),
        ("a: ${a}", Rule.CIRCULAR),
        ("a: ${b}\nb: ${a}", Rule.CIRCULAR),
        ("a: {b: '${a}'}", Rule.CIRCULAR),
        ("c: x${a}\na: {b: 1}", Rule.BAD_COMPOSITION),
    ],
)
def test_what_is_wrong(jail: Any, text: str, rule: Rule) -> None:
    """What cannot be composed is one diagnostic with its line."""
    write("train.yaml", f"$config: 1\n{text}\n")
    with pytest.raises(ConfigError) as caught:
        Config.load("train.yaml")
    (found,) = caught.value.diagnostics
    assert found.rule is rule
    assert found.line == 2


@pytest.mark.parametrize(
    "text",
    [
        "lr: 0.1\nlr: 0.2\n",  # a duplicate key
        "lr: [0.1\n",  # no YAML
        "$config: 1\nlr: {$apend: [1]}\n",  # an unknown directive
        "$config: 2\nlr: 1\n",  # an unknown version
        "$config: 1\nlr: ${nothing}\n",  # a reference to nothing
        "$config: 1\n$use: missing.yaml\n",  # a file that does not exist
        "x.y: 1\n",  # against the key rules
        "lr: 1\n$config: 1\n",  # a warning
    ],
)
def test_errors_in_a_used_file_name_what_uses_it(jail: Any, text: str) -> None:
    """An error in a mounted file has its own line, and that of the ``$use`` in the other file."""
    write("part.yaml", text)
    write("train.yaml", "$config: 1\n$use: [{model: part.yaml}]\nbad.key: 1\n")
    with pytest.raises(ConfigError) as caught:
        Config.load("train.yaml")
    found = {each.origin.where: each for each in caught.value.diagnostics}
    assert found["part.yaml"].origin.used_by == Origin(Layer.FILE, "train.yaml", 2, 16)
    assert found["train.yaml"].origin.used_by is None
    line = found["part.yaml"].origin.line
    assert f"\n    part.yaml:{line}:" in str(caught.value)
    assert "   used by train.yaml:2:16\n" in str(caught.value)


def test_circle_shows_the_way_round(jail: Any) -> None:
    """Files that use each other are an error that names each step."""
    write("train.yaml", "$config: 1\n$use: [a.yaml]\n")
    write("a.yaml", "$config: 1\n$use: [train.yaml]\n")
    with pytest.raises(ConfigError, match=r"train.yaml:2:8, then a.yaml:2:8"):
        Config.load("train.yaml")


@pytest.mark.parametrize("form", ["'${a%d}${a%d}'", "['${a%d}', '${a%d}']"])
def test_reference_bomb(jail: Any, form: str) -> None:
    """References that double a value again and again end in a diagnostic."""
    lines = [f"a{n + 1}: {form % (n, n)}" for n in range(40)]
    write("train.yaml", "\n".join(["$config: 1", "a0: xxxxxxxxxxxxxxxx", *lines]))
    assert Rule.COMPOSITION_LIMIT in rules()


def test_too_many_files(jail: Any) -> None:
    """Files that use each other twice, level by level, end in one diagnostic."""
    for n in range(20):
        write(f"f{n}.yaml", f"$config: 1\n$use: [f{n + 1}.yaml, f{n + 1}.yaml]\n")
    write("f20.yaml", "a: 1\n")
    assert rules("f0.yaml") == [Rule.COMPOSITION_LIMIT]


def test_paths_outside_the_project_are_allowed(jail: Any, tmp_path: Path) -> None:
    """A file may use a file of another directory."""
    write("conf/train.yaml", "$config: 1\n$use: [../base.yaml]\n")
    write("base.yaml", "a: 1\n")
    assert str(Config.load("conf/train.yaml").origin("a")) == "base.yaml:1:4"


def test_all_problems_of_all_files_at_once(jail: Any) -> None:
    """One report has the problems of every file of the chain."""
    write("train.yaml", "$config: 1\n$use: [a.yaml, gone.yaml]\nx: {$del: 1}\n")
    write("a.yaml", "$config: 1\ny: ${nope}\n")
    assert sorted(rules()) == sorted(
        [Rule.UNREADABLE_FILE, Rule.UNKNOWN_DIRECTIVE, Rule.UNKNOWN_REFERENCE]
    )


LAYER = st.dictionaries(
    st.sampled_from("abc"),
    st.one_of(st.integers(0, 9), st.dictionaries(st.sampled_from("xy"), st.integers(0, 9))),
    max_size=3,
)


@given(st.lists(LAYER, min_size=1, max_size=4))
def test_composing_is_merging(tmp_path_factory: Any, layers: list[dict[str, Any]]) -> None:
    """The order of `$use` is the precedence: composing equals merging the files in that order."""
    here = tmp_path_factory.mktemp("files")
    for n, layer in enumerate(layers):
        (here / f"{n}.json").write_text(json.dumps(layer))
    names = [f"{n}.json" for n in range(len(layers))]
    (here / "all.json").write_text(json.dumps({"$config": 1, "$use": names}))
    caller = Caller("test", None, None)
    composed = gather_config(here / "all.json", caller=caller, cwd=here)
    listed = gather_config([here / name for name in names], caller=caller, cwd=here)
    assert composed.merged.data == listed.merged.data
    for leaf in composed.merged.leaves():
        history = composed.merged.history(leaf.path)
        assert [each.value for each in history] == [
            each.value for each in listed.merged.history(leaf.path)
        ]
    assert merge(composed.read).data == composed.merged.data


@pytest.mark.usefixtures("jail")
class TestSameFile:
    """When two names are one file."""

    def test_circle_through_a_link(self) -> None:
        """A circle is found where a link to the directory makes each path different."""
        write("train.yaml", "$config: 1\n$use: again/train.yaml\n")
        Path("again").symlink_to(".")
        assert rules() == [Rule.CIRCULAR]

    def test_circle_through_a_link_of_another_name(self) -> None:
        """A circle is found where a link gives the file another name."""
        write("train.yaml", "$config: 1\n$use: other.yaml\n")
        Path("other.yaml").symlink_to("train.yaml")
        assert rules() == [Rule.CIRCULAR]

    def test_parent_of_a_linked_directory(self) -> None:
        """`..` of a linked directory is the parent of what it links to."""
        write("real/inner/a.yaml", "$config: 1\n$use: ../base.yaml\n")
        write("real/base.yaml", "lr: 1\n")
        Path("link").symlink_to("real/inner")
        assert Config.load("link/a.yaml")["lr"] == 1

    def test_profile_named_twice(self) -> None:
        """A profile that is named twice counts once."""
        write("train.yaml", "$config: 1\n$profiles:\n  x: {tags: {$append: [a]}}\ntags: []\n")
        assert Config.load("train.yaml", profiles=["x", "x"])["tags"] == ["a"]


def test_the_value_of_a_secret_variable_is_masked_in_a_run(jail):
    """A reference may bring a secret into the config; a run does not record it."""
    jail.setenv(SERVICE_TOKEN="a-very-long-token")
    jail.write("train.yaml", "$config: 1\nurl: 'x ${env:SERVICE_TOKEN}'\n")
    with (
        pytest.warns(SettingsWarning, match="url"),
        runsettings.init(config="train.yaml", mode="offline") as run,
    ):
        path = run.journal_path
    assert "a-very-long-token" not in Path(path).read_text(encoding="utf-8")


def test_many_references_to_nothing_take_linear_work(jail, counted_calls):
    """The merged config is searched once, not for each of them."""

    def calls(number: int) -> int:
        lines = "".join(f"k{i}: ${{none{i}}}\n" for i in range(number))
        jail.write("train.yaml", "$config: 1\n" + lines)
        with counted_calls() as found, pytest.raises(ConfigError):
            Config.load("train.yaml")
        return found["_references"]

    assert calls(400) <= 3 * calls(200)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("$config: 2\n", "write $config: 1"),
        ("$config: 1\n$use: 7\n", "puts a file under a key"),
        ("$config: 1\n$use: https://x.org/a.yaml\n", "download it"),
        ("$config: 1\n$use: [train.yaml]\n", "remove one of them"),
        ("$config: 1\n$profiles: [a]\n", "write name: {key: value}"),
        ("$config: 1\n$profiles: {a: 1}\n", "write {key: value}"),
        ("$config: 1\n$zzzzzz: 1\n", "allowed here: $config, $use"),
        ("$config: 1\na: {$zzzzzz: 1}\n", "allowed here: $append"),
        ("$config: 1\na: {$append: 1}\n", "write {$append: [item]}"),
        ("$config: 1\na: {$append: [1], b: 2}\n", "move the other keys"),
        ("$config: 1\na: ${....b}\n", "write fewer dots"),
        ("$config: 1\na: ${}\n", "write ${key.path}"),
        ("$config: 1\na: x ${b}\nb: [1]\n", "refer to one of its values"),
        ("$config: 1\na: ${b}\nb: ${a}\n", "give one of these keys a value"),
    ],
)
def test_each_error_says_what_to_do(jail, text, hint):
    """One error, with a line and the next step."""
    jail.write("train.yaml", text)
    with pytest.raises(ConfigError) as error:
        Config.load("train.yaml")
    (found,) = error.value.diagnostics
    assert found.line is not None
    assert hint in (found.hint or "")


def test_the_journal_of_a_composed_config_reads_back(jail):
    """Every record can be read, and the origins say which file uses which."""
    jail.write("base.yaml", "lr: 0.1\nepochs: 9\n")
    jail.write("train.yaml", "$config: 1\n$use: [base.yaml]\nsteps: ${epochs}\n")
    with runsettings.init(config="train.yaml", mode="offline") as run:
        path = run.journal_path
    stored = runsettings.load_run(path)
    assert (stored.torn, stored.config) == (0, {"lr": 0.1, "epochs": 9, "steps": 9})
    origins = {key: Origin.from_json(each) for key, each in stored.config_origins.items()}
    assert str(origins["lr"].used_by) == "train.yaml:2:8"
    assert str(origins["steps"]) == "train.yaml:3:8 → base.yaml:2:9"


def test_a_resumed_run_keeps_the_chain(jail):
    """The earlier config is read back with its origins."""
    jail.write("base.yaml", "lr: 0.1\n")
    jail.write("train.yaml", "$config: 1\n$use: [base.yaml]\n")
    with runsettings.init(config="train.yaml", mode="offline", id="a"):
        pass
    with runsettings.init(mode="offline", id="a", resume="must") as run:
        origin = run.config.origin("lr")
    assert (str(origin), str(origin.used_by)) == ("base.yaml:1:5", "train.yaml:2:8")


def test_replace_inside_of_replace(jail: Any) -> None:
    """Each value keeps its own position."""
    jail.write("a.yaml", "$config: 1\nm: {$replace: {n: {$replace: {x: 1}}}}\n")
    config = Config.load("a.yaml")
    assert config.as_dict() == {"m": {"n": {"x": 1}}}
    assert str(config.origin("m.n.x")) == "a.yaml:2:34"
