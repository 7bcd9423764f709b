"""The config files that a run keeps, so that the line of a value can be shown later."""

from __future__ import annotations

import pytest

from runsettings.journal.directory import copy_name


def copies(run):
    """What is below `files/config_files/`."""
    run._files.wait_for_facts()
    home = run.path / "files" / "config_files"
    return {
        path.relative_to(home).as_posix(): path.read_text()
        for path in home.rglob("*")
        if path.is_file()
    }


def test_the_files_of_the_chain_are_kept(begin, jail, records):
    """Also one that only uses another, and one outside of the working directory."""
    jail.write("conf/base.yaml", "lr: 0.1\n")
    jail.write("train.yaml", "$config: 1\n$use: [conf/base.yaml]\n")
    outside = jail.cwd.parent / "outside.yaml"
    outside.write_text("seed: 1\n")
    run = begin(config=["train.yaml", "../outside.yaml", {"x": 1}])
    assert copies(run) == {
        "train.yaml": (jail.cwd / "train.yaml").read_text(),
        "conf/base.yaml": "lr: 0.1\n",
        "_up/outside.yaml": "seed: 1\n",
    }
    kept = {record["path"] for record in records(run, "file")}
    assert kept == {f"config_files/{name}" for name in copies(run)}


def test_a_secret_in_a_file_is_masked(begin, jail, monkeypatch):
    """As in all files of the run."""
    secret = "s3cr3t-0123456789abcdef"
    monkeypatch.setenv("WANDB_API_KEY", secret * 2)
    jail.write("train.yaml", f"lr: 0.1 # {secret * 2}\n")
    assert copies(begin(config="train.yaml")) == {"train.yaml": "lr: 0.1 # ***\n"}


@pytest.mark.parametrize("chosen", ["config_exclude_keys", "config_include_keys"])
def test_no_file_is_kept_if_keys_are_left_out_of_the_config(begin, jail, chosen):
    """The file has them."""
    jail.write("train.yaml", "lr: 0.1\nprivate: 1\n")
    name = "private" if chosen == "config_exclude_keys" else "lr"
    assert copies(begin(config="train.yaml", **{chosen: [name]})) == {}


def test_a_large_file_is_not_kept(begin, jail):
    """A config of some megabytes would be copied by every run."""
    jail.write("train.yaml", "lr: 0.1\n" + "# a comment\n" * 100_000)
    assert copies(begin(config="train.yaml")) == {}


@pytest.mark.parametrize(
    ("name", "copy"),
    [
        ("a.yaml", "config_files/a.yaml"),
        ("./conf/../a.yaml", "config_files/a.yaml"),
        ("/home/me/a.yaml", "config_files/a.yaml"),
        ("../../etc/a.yaml", "config_files/_up/_up/etc/a.yaml"),
        ("/etc/a.yaml", "config_files/_up/_up/etc/a.yaml"),
    ],
)
def test_a_copy_never_leaves_its_directory(name, copy):
    """However the file is named; one file has one name."""
    assert copy_name(name, "/home/me") == copy


SECRET = "0123456789abcdef0123"


@pytest.mark.parametrize(
    ("name", "text", "copy"),
    [
        ("a.yaml", "lr: 1\n# api_key: {}\n", "lr: 1\n# api_key: ***\n"),
        ("a.yaml", "lr: 1\nurl: postgresql://u:{}@h/d\n", "lr: 1\nurl: postgresql://u:***@h/d\n"),
        (
            "a.yaml",
            "lr: 1\ndb:\n  password: >-\n    {}\n",
            "lr: 1\ndb:\n  password: ***\n    ***\n",
        ),
        ("a.yaml", "lr: 1\ncredentials:\n  x: {}\n", "lr: 1\ncredentials:\n  x: ***\n"),
        (
            "a.yaml",
            "$config: 1\nlr: 1\n$profiles:\n  prod:\n    token: {}\n",
            "$config: 1\nlr: 1\n$profiles:\n  prod:\n    token: ***\n",
        ),
        ("a.json", '{{"lr": 1,\n"secrets": [\n"{}"]}}\n', '{"lr": 1,\n"secrets": ***\n"***"]}\n'),
        ("a.toml", "lr = 1\n[credentials]\nx = '{}'\n", "lr = 1\n[credentials]\nx = '***'\n"),
        ("a.yaml", "lr: 1\n# {}{}\n", "lr: 1\n# " + SECRET * 2 + "\n"),
    ],
)
def test_a_text_that_looks_like_a_secret_is_masked(begin, jail, name, text, copy):
    """The run does not know the secrets of a comment or of a profile that was not chosen."""
    jail.write(name, text.format(SECRET, SECRET))
    run = begin(config=name, config_exclude_keys=None)
    assert copies(run) == {name: copy}


def test_a_copy_is_as_private_as_its_file(begin, jail):
    """Other users of a shared directory may read the run, but not the file."""
    jail.write("train.yaml", "lr: 1\n")
    private = jail.write("private.yaml", "seed: 1\n")
    private.chmod(0o600)
    run = begin(config=["train.yaml", "private.yaml"])
    assert copies(run).keys() == {"train.yaml", "private.yaml"}
    home = run.path / "files" / "config_files"
    modes = {path.name: path.stat().st_mode & 0o077 for path in home.iterdir()}
    assert modes["private.yaml"] == 0
    assert modes["train.yaml"] != 0
