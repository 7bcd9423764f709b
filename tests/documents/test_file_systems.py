"""Directories on file systems of other machines, as Linux lists them."""

from __future__ import annotations

import pytest

from runsettings.documents import file_systems
from runsettings.documents.file_systems import cache_file, is_on_network
from runsettings.journal.index import FILE, list_runs


@pytest.fixture
def mount(jail, monkeypatch):
    """Writes the list of what is mounted: a type of file system for each directory."""
    mounts = jail.cwd.parent / "mountinfo"
    monkeypatch.setattr(file_systems, "MOUNTS", mounts)

    def write(**types: str) -> None:
        lines = ["21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw"]
        for name, kind in types.items():
            place = str(jail.home if name == "home" else jail.cwd / name).replace(" ", "\\040")
            lines.append(f"36 21 0:32 / {place} rw,noatime shared:9 - {kind} server:/x rw,hard")
        mounts.write_text("\n".join(lines) + "\n", errors="surrogateescape")

    return write


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("nfs4", True), ("fuse.sshfs", True), ("lustre", True), ("ext4", False), ("tmpfs", False)],
)
def test_a_directory_below_a_mount_has_its_type(jail, mount, kind, expected):
    """Also one that does not exist yet; neighbours with a longer name do not."""
    mount(**{"a b": kind})
    assert is_on_network(jail.cwd / "a b") is expected
    assert is_on_network(jail.cwd / "a b" / "wandb" / "new") is expected
    assert is_on_network(jail.cwd / "a b2") is False


@pytest.mark.parametrize("character", ["\x0c", "\x1c", "\x85", "\u2028", " - ", "\udcff"])
def test_the_name_of_a_mount_may_have_any_character(jail, mount, character):
    """The list escapes spaces and newlines, and no other character that ends a line."""
    name = f"a{character}b"
    mount(**{name: "nfs", "local": "ext4"})
    assert is_on_network(jail.cwd / name)
    assert not is_on_network(jail.cwd / "local")


def test_the_last_and_innermost_mount_counts(jail, mount):
    """A local disk within a network disk, and one that was mounted over it."""
    mount(**{"shared": "nfs", "shared/scratch": "xfs"})
    assert is_on_network(jail.cwd / "shared")
    assert not is_on_network(jail.cwd / "shared/scratch/x")


def test_a_system_that_lists_no_mounts_has_no_network(jail, monkeypatch):
    """As macOS and Windows."""
    monkeypatch.setattr(file_systems, "MOUNTS", jail.cwd / "none")
    assert not is_on_network(jail.cwd)


def test_the_index_of_runs_on_a_network_disk_is_on_this_machine(jail, mount, begin):
    """In the user's directory for caches, one for each directory; it is used again."""
    begin(id="a").finish()
    mount(wandb="nfs")
    directory = jail.cwd / "wandb"
    assert [run.id for run in list_runs(directory).runs] == ["a"]
    (index,) = (jail.home / ".cache/runsettings").iterdir()
    assert index == cache_file(directory, FILE)
    assert not (directory / FILE).exists()
    begin(id="b").finish()
    new = []
    assert len(list_runs(directory, lambda _, count: new.append(count)).runs) == 2
    assert new == [1]
    assert cache_file(jail.cwd / "wandb/x", FILE) != index


def test_a_home_on_the_network_has_no_index(jail, mount, tmp_path_factory):
    """It is in the directory of the login; beside the runs if that is on the network too."""
    runtime = tmp_path_factory.mktemp("run")
    jail.setenv(XDG_RUNTIME_DIR=str(runtime))
    mount(wandb="nfs", home="nfs4")
    assert cache_file(jail.cwd / "wandb", FILE).parent == runtime / "runsettings"
    jail.setenv(XDG_RUNTIME_DIR=str(jail.home))
    assert cache_file(jail.cwd / "wandb", FILE) == jail.cwd / "wandb" / FILE
