"""Saved files: what matches, what changed, and what must not leave the run."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from runsettings.runs.files.run_files import RESERVED
from runsettings.values.errors import RunError


def saved(run) -> dict[str, str]:
    """What is below `files/`, apart from the run's own files."""
    # The metadata are written from a thread of their own.
    run._files.wait_for_facts()
    home = run.path / "files"
    found = {
        path.relative_to(home).as_posix(): path.read_text()
        for path in home.rglob("*")
        if path.is_file()
    }
    return {name: text for name, text in found.items() if name not in RESERVED}


def test_a_file_keeps_its_relative_name(begin, jail, records):
    """What lies below the working directory keeps its folders; the copy is recorded."""
    jail.write("out/weights.npy", "w")
    run = begin()
    assert run.save("out/weights.npy") == [str(run.path / "files/out/weights.npy")]
    assert saved(run) == {"out/weights.npy": "w"}
    (record,) = records(run, "file")
    assert (record["path"], record["size"]) == ("out/weights.npy", 1)


def test_files_of_one_name_do_not_overwrite_each_other(begin, tmp_path, jail):
    """The second is kept below the name of its directory, also at the end."""
    paths = [tmp_path / "elsewhere" / name / "model.pt" for name in ("a", "b", "c/b")]
    run = begin()
    for path in paths:
        jail.write(path, str(path.parent.name))
        run.save(path)
    paths[1].write_text("later")
    run.finish()
    assert saved(run) == {"model.pt": "a", "b/model.pt": "later", "c/b/model.pt": "b"}


def test_the_summary_file_is_nested(begin):
    """As the client writes it, with the runtime."""
    run = begin()
    run.log({"val": {"acc": 1}, "a.b": 2})
    run.finish()
    found = json.loads((run.path / "files" / "wandb-summary.json").read_text())
    assert (found["val"], found["a.b"]) == ({"acc": 1}, 2)
    assert found["_wandb"] == {"runtime": int(found["_runtime"])} == {"runtime": 0}


def test_the_metadata_has_what_the_client_writes(begin):
    """Under the client's names."""
    run = begin()
    run.finish()
    found = json.loads((run.path / "files" / "wandb-metadata.json").read_text())
    assert found["root"] == str(run.path.parent.parent)
    assert found["startedAt"].endswith("Z")
    assert found["cpu_count_logical"] >= 1
    assert {"username", "codePath"} <= set(found)
    assert 1 <= found["cpu_count"] <= found["cpu_count_logical"]
    assert found["gpu_count"] >= 0
    assert found["memory"]["total"] > 1 << 20


def test_the_requirements_are_those_of_the_metadata(begin):
    """In the form that pip reads."""
    run = begin()
    run.finish()
    lines = (run.path / "files" / "requirements.txt").read_text().splitlines()
    metadata = json.loads((run.path / "files" / "wandb-metadata.json").read_text())
    assert dict(line.split("==") for line in lines) == metadata["packages"]


def test_the_path_of_a_file_may_be_bytes(begin, jail):
    """As `open` takes it; `base_path` as well."""
    jail.write("out/a.txt", "1")
    run = begin()
    run.save(b"out/a.txt", base_path=b"out")
    assert saved(run) == {"a.txt": "1"}


def test_globs_and_directories_save_all_that_is_there(begin, jail):
    """`**` reaches into folders; a folder means everything in it."""
    for name in ("a/1.pt", "a/b/2.pt", "a/b/3.txt", "c/4.pt"):
        jail.write(name, name)
    run = begin()
    run.save("a/**/*.pt")
    assert set(saved(run)) == {"a/1.pt", "a/b/2.pt"}
    run.save("c")
    assert set(saved(run)) == {"a/1.pt", "a/b/2.pt", "c/4.pt"}


def test_a_file_elsewhere_is_named_from_its_own_folder(begin, jail, tmp_path):
    """Or from `base_path`, where one is given."""
    path = jail.write(tmp_path / "elsewhere/deep/x.txt", "x")
    run = begin()
    run.save(path)
    run.save(str(path), base_path=tmp_path / "elsewhere")
    run.save("../elsewhere/deep/*.txt")
    assert saved(run) == {"x.txt": "x", "deep/x.txt": "x"}


def test_later_changes_and_new_matches_are_picked_up_at_the_end(begin, jail):
    """The copy at the end is what the script left; the copy before survives a crash."""
    jail.write("a.txt", "1")
    run = begin()
    run.save("*.txt")
    assert saved(run) == {"a.txt": "1"}
    jail.write("a.txt", "22")
    jail.write("b.txt", "3")
    run.finish()
    assert saved(run) == {"a.txt": "22", "b.txt": "3"}


def test_what_is_unchanged_is_not_copied_again(begin, jail, records):
    """A checkpoint of gigabytes is copied once."""
    jail.write("a.txt", "1")
    run = begin()
    run.save("a.txt")
    run.save("a.txt")
    run.finish()
    assert len(records(run, "file")) == 1


def test_a_pattern_may_match_nothing_yet(begin, jail, capsys):
    """That is a warning now and a file at the end."""
    run = begin()
    assert run.save("later.txt") == []
    assert "save('later.txt') matches no file yet" in capsys.readouterr().err
    jail.write("later.txt", "x")
    run.finish()
    assert saved(run) == {"later.txt": "x"}


def test_a_file_with_a_name_of_ours_is_kept_apart(begin, jail):
    """The user's `config.yaml` does not replace the run's."""
    jail.write("config.yaml", "theirs: 1")
    run = begin(config={"ours": 1})
    run.save("config.yaml")
    assert saved(run) == {"saved/config.yaml": "theirs: 1"}
    assert "ours" in (run.path / "files/config.yaml").read_text()


def test_files_that_a_script_writes_into_the_run_are_recorded_at_the_end(begin, records):
    """`run.dir` is a place to write to."""
    run = begin()
    Path(run.dir, "model.bin").write_text("12345")
    run.finish()
    (record,) = records(run, "file")
    assert (record["path"], record["size"]) == ("model.bin", 5)


def test_a_path_starts_from_where_the_script_is_now(begin, jail, monkeypatch):
    """A script may change its directory after the start."""
    jail.write("later/x.txt", "x")
    run = begin()
    monkeypatch.chdir("later")
    run.save("x.txt")
    assert saved(run) == {"x.txt": "x"}


def test_a_resumed_run_does_not_record_its_files_again(begin, jail, records):
    """Only what changed since."""
    jail.write("a.txt", "x")
    run = begin(id="x", save_code=True)
    run.save("a.txt")
    Path(run.dir, "hand.txt").write_text("1")
    run.finish()
    first = [record["path"] for record in records(run, "file")]
    again = begin(id="x", resume="must")
    Path(run.dir, "hand.txt").write_text("22")
    again.finish()
    assert [record["path"] for record in records(run, "file")] == [*first, "hand.txt"]
    assert len(set(first)) == len(first)


@pytest.mark.parametrize(
    "name", ["new\nline", "tab\there", "ünïcode ／", "x" * 250, "-rf", "*", "~"]
)
def test_odd_names_are_names(begin, jail, records, name):
    """A newline, a slash's look-alike, a glob's star or a long name stay in the directory."""
    jail.write(Path("d") / name, "x")
    run = begin()
    run.save("d")
    assert saved(run) == {f"d/{name}": "x"}
    assert [record["path"] for record in records(run, "file")] == [f"d/{name}"]


def test_a_name_that_is_no_text_is_recorded(begin, jail, records):
    """A file name that is not UTF-8 reads back as Python names it."""
    name = os.fsdecode(b"\xff.bin")
    jail.write(name, "x")
    run = begin()
    run.save(name)
    assert [record["path"] for record in records(run, "file")] == [name]


@pytest.mark.parametrize("path", ["", b"", "a\0b", 3])
def test_what_is_no_path_is_refused(begin, path):
    """The error shows it."""
    with pytest.raises(RunError, match=r"save\(\) takes the path of a file; got"):
        begin().save(path)


def test_a_file_outside_of_base_path_is_refused(begin, jail):
    """Its name would leave the run's directory."""
    jail.write("a.txt", "x")
    (jail.cwd / "b").mkdir()
    with pytest.raises(RunError, match="is not below"):
        begin().save("a.txt", base_path="b")


def test_a_symbolic_link_in_the_run_leads_nowhere(begin, jail, tmp_path, capsys):
    """A link below `files/` to another directory is not written through."""
    outside = tmp_path / "outside"
    outside.mkdir()
    jail.write("out/x.txt", "x")
    run = begin()
    Path(run.dir, "out").symlink_to(outside)
    run.save("out/x.txt")
    assert list(outside.iterdir()) == []
    assert "leaves the run's directory by a symbolic link" in capsys.readouterr().err


def test_a_link_in_the_place_of_the_directory_of_files_is_not_followed(begin, tmp_path, capsys):
    """A resume writes config.yaml, but not into the directory of somebody else."""
    begin(id="one", project="p").finish(1)
    outside = tmp_path / "outside"
    outside.mkdir()
    (files,) = Path("wandb").glob("offline-run-*-one/files")
    files.rename(files.with_name("gone"))
    files.symlink_to(outside)
    (outside / "config.yaml").write_text("theirs")
    run = begin(id="one", project="p", resume="must", config={"lr": 1})
    run.finish()
    assert [path.name for path in outside.iterdir()] == ["config.yaml"]
    assert (outside / "config.yaml").read_text() == "theirs"
    assert "leaves the run's directory by a symbolic link" in capsys.readouterr().err
    with pytest.raises(RunError, match="symbolic link"):
        begin(
            id="one",
            project="p",
            resume="must",
            settings={"quiet": True, "disable_git": True, "strict": True},
        )


def test_a_link_in_the_place_of_a_file_is_replaced(begin, jail, tmp_path):
    """What it pointed to stays as it was."""
    target = jail.write(tmp_path / "target.txt", "theirs")
    jail.write("x.txt", "ours")
    run = begin()
    Path(run.dir, "x.txt").symlink_to(target)
    run.save("x.txt")
    assert (target.read_text(), saved(run)["x.txt"]) == ("theirs", "ours")


def test_a_saved_link_is_its_content(begin, jail, tmp_path):
    """The run keeps a copy, not a way out."""
    target = jail.write(tmp_path / "target.txt", "content")
    (jail.cwd / "link.txt").symlink_to(target)
    run = begin()
    run.save("link.txt")
    copy = run.path / "files/link.txt"
    assert (copy.is_symlink(), copy.read_text()) == (False, "content")


def test_pipes_loops_and_dead_links_are_passed_over(begin, jail):
    """Nothing hangs and nothing fails."""
    directory = jail.cwd / "d"
    directory.mkdir()
    os.mkfifo(directory / "pipe")
    (directory / "dead").symlink_to("nowhere")
    (directory / "loop").symlink_to(".")
    (directory / "x.txt").write_text("x")
    run = begin()
    run.save("d")
    assert saved(run) == {"d/x.txt": "x"}


def test_saving_the_working_directory_does_not_save_the_run_into_itself(begin, jail):
    """What is below the run's own files is left out."""
    jail.write("a.txt", "x")
    run = begin()
    run.save(".")
    run.finish()
    assert "a.txt" in saved(run)
    assert not any("files/a.txt" in name for name in saved(run))


def test_save_code_keeps_the_script(script, stored, jail):
    """Off by default; on, the main script is in the run."""
    script("init(mode='offline')")
    assert not stored().files
    script("init(mode='offline', save_code=True, id='x', resume='allow')")
    (copy,) = jail.cwd.glob("wandb/*run-*/files/code/train.py")
    assert copy.read_text() == (jail.cwd / "train.py").read_text()


@pytest.mark.parametrize("base", [3, b"", "a\0b"])
def test_a_base_path_that_is_no_path_is_refused(begin, base):
    """The error says which argument it is."""
    with pytest.raises(RunError, match=r"save\(\) takes the path of a file; got base_path="):
        begin().save("x", base_path=base)


def test_a_relative_path_in_a_deleted_directory_is_refused(begin, jail, monkeypatch):
    """Nobody can know what it means; an absolute one is saved all the same."""
    jail.write("a.txt", "x")
    (jail.cwd / "gone").mkdir()
    monkeypatch.chdir(jail.cwd / "gone")
    run = begin(dir=jail.cwd)
    (jail.cwd / "gone").rmdir()
    with pytest.raises(RunError, match="working directory, which was deleted"):
        run.save("*.txt")
    assert len(run.save(jail.cwd / "a.txt")) == 1


def test_a_file_that_cannot_be_copied_did_match(begin, jail, capsys):
    """One warning, and it says what is wrong."""
    jail.write("a.txt", "x")
    run = begin()
    (run.path / "files" / "a.txt").mkdir()
    assert run.save("a.txt") == []
    said = capsys.readouterr().err
    assert ("the copy of" in said, "matches no file" in said) == (True, False)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no modes")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_a_copy_is_read_by_no_more_people_than_the_file(jail, begin, mode):
    """A private key that somebody saves stays private."""
    jail.write("key.pem", "x").chmod(mode)
    run = begin()
    (copy,) = run.save("key.pem")
    assert Path(copy).stat().st_mode & 0o077 & ~mode == 0
    jail.write("key.pem", "changed")
    run.finish()
    assert Path(copy).read_text() == "changed"
    assert Path(copy).stat().st_mode & 0o077 & ~mode == 0
