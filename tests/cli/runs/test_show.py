"""``runs show``: everything of one run, found by any of its names."""

from __future__ import annotations

import json
import math
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runsettings.runs.starting import start


def test_show_tells_everything(run, jail, record, masked):
    """The whole page, but for what is another on each machine."""
    jail.write("train.yaml", "optim:\n  lr: 0.1\n")
    jail.setenv(WANDB_ENTITY="me")
    jail.write("notes.txt", "hello")
    made = start.init(
        id="aa11",
        name="first",
        project="p",
        tags=["x", "y"],
        mode="offline",
        config="train.yaml",
        settings={"quiet": True, "disable_git": True},
    )
    for step in range(4):
        made.log({"loss": 4.0 - step, "deep": {"acc": math.nan if step else 1}})
    made.summary["best"] = "yes"
    made.save("notes.txt")
    made.finish()
    page = masked(run("runs", "show", "aa11").stdout).partition("\nfiles\n")[0]
    page = re.sub(r"\S*test_\w+\.py:\d+", "<file>", page)
    assert page == (
        "first (aa11)\n"
        "  project    p\n"
        "  entity     me\n"
        "  tags       x, y\n"
        "  mode       offline\n"
        "  state      finished (exit code 0)\n"
        "  created    <the time of day>\n"
        "  runtime    0.0s\n"
        "  steps      4\n"
        "  directory  wandb/offline-run-<stamp>-aa11\n"
        "\n"
        "config\n"
        "  optim.lr  0.1  file  train.yaml:2:7\n"
        "\n"
        "settings\n"
        '  project      "p"         init  <file> init(project=)\n'
        '  entity       "me"        env   WANDB_ENTITY\n'
        '  run_id       "aa11"      init  <file> init(id=)\n'
        '  run_name     "first"     init  <file> init(name=)\n'
        '  run_tags     ["x", "y"]  init  <file> init(tags=)\n'
        '  mode         "offline"   init  <file> init(mode=)\n'
        "  disable_git  true        init  <file> init(settings=)\n"
        "  quiet        true        init  <file> init(settings=)\n"
        "\n"
        "metrics\n"
        "  key       course  min  max  last  count\n"
        "  loss      █▆▃▁    1    4    1     4 values\n"
        "  deep.acc  ▄       1    1    nan   4 values\n"
        "\n"
        "summary\n"
        '  best  "yes"\n'
    )


def test_show_lists_files_and_surroundings(run, jail, record):
    """What is in ``files/``, what should be there, and the facts of the process."""
    made = record("a1")
    (made.directory / "files/extra.txt").write_text("12345")
    (made.directory / "files/link").symlink_to("/etc")
    output = run("runs", "show", "a1").stdout
    assert re.search(r"\n  extra\.txt +5 bytes\n", output)
    assert "passwd" not in output
    assert re.search(r"\n  python +\d\.\d+", output)


def test_show_has_settings_at_their_defaults_if_asked(run, record):
    """``--all`` leaves nothing out."""
    record("a1")
    assert "base_url" not in run("runs", "show", "a1").stdout
    assert "base_url" in run("runs", "show", "a1", "--all").stdout


def test_show_as_json(run, three):
    """Values with origins, metrics as numbers."""
    found = json.loads(run("runs", "show", "aa11", "--json").stdout)
    lr = found["config"]["lr"]
    assert lr["value"] == 0.1
    assert lr["origin"]["layer"] == "init"
    assert found["metrics"] == {"loss": {"count": 2, "min": 0.5, "max": 1.0, "last": 0.5}}
    assert found["settings"]["project"]["value"] == "p"
    assert "config.yaml" in found["files"]


@pytest.mark.parametrize("name", ["aa11", "aa", "first", "wandb/RUN", "wandb/RUN/run-aa11.jsonl"])
def test_run_is_found_by_each_of_its_names(run, three, name):
    """Id, the beginning of one, name, directory, journal."""
    name = name.replace("RUN", three[0].directory.name)
    assert run("runs", "show", name).stdout.startswith("first (aa11)\n")


def test_latest_is_the_newest_run(run, three):
    """One word for the commonest wish."""
    assert run("runs", "show", "latest").stdout.startswith("third (cc33)\n")


def test_ambiguous_name_lists_candidates(run, three, masked):
    """And is no success."""
    result = run("runs", "show", "a")
    assert result.exit_code == 1
    assert masked(result.stderr) == (
        "Error: 'a' may mean 2 runs; give more of an id, or a path:\n"
        "  ab22  Second One  p  wandb/offline-run-<stamp>-ab22\n"
        "  aa11  first  p  wandb/offline-run-<stamp>-aa11\n"
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("frist", "there is no run 'frist' in wandb — did you mean 'first'?"),
        ("qqqqqq", "there is no run 'qqqqqq' in wandb — `runsettings runs ls` lists them"),
        ("", "an empty name means no run"),
        (" ", "an empty name means no run"),
        (".", "there is no run '.' in wandb"),
        ("\x1b[31m", "there is no run '\\x1b[31m' in wandb"),
        ("x" * 5000, "there is no run 'xxxxx"),
    ],
)
def test_unknown_run_is_told(run, three, name, message):
    """With what was likely meant."""
    for command in (["show"], ["tag"], ["rm", "--yes"]):
        result = run("runs", *command, name)
        assert result.exit_code == 1
        assert message in result.stderr


def test_overwritten_run_is_shown_by_its_path(run, record):
    """An id means the latest run, a path means the one there."""
    old = record("same", {"lr": 1})
    record("same", {"lr": 2})
    assert "  lr  2" in run("runs", "show", "same").stdout
    assert "  lr  1" in run("runs", "show", str(old.directory)).stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_output_without_unicode_still_works(record, encoding):
    """A terminal's encoding is no reason to fail."""
    record("a1", {"name": "Ångström €"}, [{"x": 1}, {"x": 2}], name="größe €")
    commands = ["ls", "ls --json", "ls --csv", "show a1", "show a1 --json"]
    program = (
        "from runsettings.cli.main import main\n"
        f"for command in {commands}:\n"
        "    try:\n"
        "        main(['runs', *command.split()])\n"
        "    except SystemExit as end:\n"
        "        assert not end.code, (command, end.code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        check=False,
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.count(b"a1") >= len(commands)


@pytest.mark.parametrize(("torn", "said"), [(1, "1 line of"), (2, "2 lines of")])
def test_show_counts_torn_lines(run, record, torn, said):
    """One line is not several."""
    found = record("aa11")
    with Path(found.journal).open("a") as journal:
        journal.write('{"type": "his\n' * torn)
    assert f"torn       {said} the journal cannot be read\n" in run("runs", "show", "aa11").stdout


def test_the_commands_of_hints_work(run, three, jail):
    """What they name is where the runs are, or should be."""
    address = "sqlite:///a b.db"
    absent = run("runs", "show", "first", "--store", address)
    hint = absent.stderr.rpartition("runsettings ")[2].splitlines()[0]
    assert run(*shlex.split(hint)).exit_code == 0
    for place in (("--store", address), ("--dir", "elsewhere")):
        (jail.cwd / "elsewhere").mkdir(exist_ok=True)
        shutil.copytree(jail.cwd / "wandb", jail.cwd / "elsewhere/wandb", dirs_exist_ok=True)
        unknown = run("runs", "show", "qqqqqq", *place)
        hint = unknown.stderr.partition("`runsettings ")[2].partition("`")[0]
        assert "Second One" in run(*shlex.split(hint)).stdout


def test_a_place_without_runs_is_told(run, jail):
    """The run may be in another one."""
    expected = "there is no run 'a' in wandb — no runs are there: name another directory or store"
    assert expected in run("runs", "show", "a").stderr


def test_a_path_that_is_not_that_of_a_run_is_told(run, three, jail):
    """The config of a run is not its journal."""
    jail.write("train.yaml", "lr: 1\n")
    for name in ("train.yaml", "."):
        result = run("runs", "show", name)
        assert result.exit_code == 1
        assert "the file or directory of this name is not that of a run" in result.stderr
    assert "of this name" not in run("runs", "show", "missing.yaml").stderr
