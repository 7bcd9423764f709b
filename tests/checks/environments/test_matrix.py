"""Declared environments, and what a change does to them."""

from __future__ import annotations

import subprocess

import pytest

from runsettings.checks.environments.matrix import check_matrix
from runsettings.models.settings import Settings
from runsettings.values.rendering import headline


def sentences(jail, text: str, **options) -> list[str]:
    """What checking the environments finds, in words."""
    path = jail.write("environments.toml", text)
    found = check_matrix(path, Settings, jail.cwd, **options)
    return [f"{fault.key}: {fault.message}" if fault.path else fault.message for fault in found]


def test_right_environments_are_clean(jail):
    """Variables, files, flags and a directory."""
    jail.write("cluster/settings.yaml", "project: capsules\n")
    assert (
        sentences(
            jail,
            '[cluster]\ncwd = "cluster"\nfiles = ["settings.yaml"]\n'
            'variables = {WANDB_MODE = "offline"}\nflags = ["--entity", "me"]\n',
        )
        == []
    )


@pytest.mark.parametrize(
    ("declared", "fault"),
    [
        (
            'variables = {WANDB_MODE = "offlin"}',
            "mode: must be one of 'online', 'offline', 'disabled'; got 'offlin'",
        ),
        (
            'files = ["none.yaml"]',
            "none.yaml: the file does not exist in ",
        ),
        (
            'flags = ["--mode", "offlin"]',
            "--mode: must be one of 'online', 'offline', 'disabled'; got 'offlin'",
        ),
        ('flags = ["--run-", "x"]', "--run-: is short for --run-id and for"),
        ('flags = ["--mode"]', "--mode: needs a value"),
        ('flags = ["--projct", "x"]', "flags: --projct is no flag of a setting"),
        (
            'env_file = ["cluster.env"]',
            "mode: must be one of 'online', 'offline', 'disabled'; got 'x'",
        ),
    ],
)
def test_a_fault_names_its_environment(jail, declared, fault):
    """Each source of an environment is checked."""
    jail.write("cluster.env", "WANDB_MODE=x\n")
    (found,) = sentences(jail, f"[laptop]\n[cluster]\n{declared}\n")
    assert found.startswith(fault)
    assert found.endswith("(in environment 'cluster')")


def test_flags_of_the_program_alone_are_passed_over(jail):
    """They are no settings."""
    assert sentences(jail, '[cluster]\nflags = ["--epochs", "3"]\n') == []


def test_a_misspelt_declaration_is_found_in_its_place(jail):
    """The file is held to its keys."""
    path = jail.write("environments.toml", '[cluster]\nvarables = {A = "b"}\n')
    (fault,) = check_matrix(path, Settings, jail.cwd)
    assert (str(fault.origin), fault.hint) == (
        "environments.toml:2:1",
        "did you mean 'variables'?",
    )


def test_nothing_of_this_process_reaches_an_environment(jail):
    """Unless it says that it inherits."""
    jail.setenv(WANDB_MODE="offlin")
    jail.write_user("[default]\nmode = x\n")
    assert sentences(jail, "[cluster]\n") == []
    assert len(sentences(jail, "[cluster]\ninherit = true\n")) == 2


def git(jail, *arguments: str) -> None:
    """Run git as somebody."""
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *who, *arguments], cwd=jail.cwd, capture_output=True, check=True)


DECLARED = """\
[cluster]
variables = {WANDB_PROJECT = "capsules", WANDB_API_KEY = "canary"}
[laptop]
variables = {WANDB_MODE = "disabled"}
"""


@pytest.fixture
def committed(jail):
    """A repository in which every environment was online, but for the laptop."""
    git(jail, "init", "-q")
    jail.write("environments.toml", DECLARED)
    jail.write_workspace("[default]\nentity = me\nmode = online\n")
    git(jail, "add", ".")
    git(jail, "commit", "-qm", "first")
    return jail


def test_what_a_change_does_to_each_environment(committed):
    """One line for each value, with what sets it now."""
    committed.write_workspace("[default]\n\nmode = offline\nrun_tags = a, b\n")
    assert sentences(committed, DECLARED, against="HEAD") == [
        "entity: cluster: entity me → (not set) (Settings.entity)",
        "run_tags: cluster: run_tags [] → ['a', 'b'] (wandb/settings:4)",
        "mode: cluster: mode online → offline (wandb/settings:3)",
        "entity: laptop: entity me → (not set) (Settings.entity)",
        "run_tags: laptop: run_tags [] → ['a', 'b'] (wandb/settings:4)",
    ]


def test_a_changed_secret_is_masked(committed):
    """That it changed is told, and nothing else."""
    committed.write("wandb/settings.yaml", "api_key: another-canary\n")
    text = "[ci]\n"
    assert sentences(committed, text, against="HEAD") == [
        "api_key: ci: api_key (not set) → *** (wandb/settings.yaml:1:10)"
    ]


def test_no_change_is_no_line(committed):
    """The same as before."""
    assert sentences(committed, DECLARED, against="HEAD") == []


def test_an_environment_that_was_broken_is_told(committed):
    """There is nothing to compare with."""
    committed.write_workspace("[default]\nmode = offlin\n")
    git(committed, "commit", "-qam", "second")
    committed.write_workspace("[default]\nmode = offline\n")
    assert sentences(committed, "[ci]\n", against="HEAD") == ["ci: could not be resolved at HEAD"]


def test_a_declaring_file_in_a_subdirectory_is_compared_with_its_like(committed):
    """The same place below the repository's root."""
    committed.write("deploy/wandb/settings", "[default]\nmode = online\n")
    committed.write("deploy/environments.toml", "[ci]\n")
    git(committed, "add", ".")
    git(committed, "commit", "-qm", "second")
    committed.write("deploy/wandb/settings", "[default]\nmode = offline\n")
    path = committed.cwd / "deploy" / "environments.toml"
    found = check_matrix(path, Settings, committed.cwd, against="HEAD")
    assert [fault.message for fault in found] == ["ci: mode online → offline (wandb/settings:2)"]


def test_a_change_of_the_declaration_is_a_change(committed):
    """An environment is compared with what it was declared as, also where its files moved."""
    committed.write("ci.yaml", "project: capsules\n")
    committed.write("environments.toml", '[ci]\nfiles = ["ci.yaml"]\n')
    git(committed, "add", ".")
    git(committed, "commit", "-qm", "second")
    git(committed, "mv", "ci.yaml", "moved.yaml")
    text = '[ci]\nfiles = ["moved.yaml"]\nvariables = {WANDB_ENTITY = "you"}\n'
    assert sentences(committed, text, against="HEAD") == [
        "entity: ci: entity me → you (WANDB_ENTITY)"
    ]


def test_a_change_names_its_key_once_in_every_format(committed):
    """The sentence holds it already."""
    committed.write_workspace("[default]\nentity = me\nmode = offline\n")
    path = committed.write("environments.toml", "[ci]\n")
    (found,) = check_matrix(path, Settings, committed.cwd, against="HEAD")
    assert headline(found) == "note: ci: mode online → offline (wandb/settings:3)"


def test_a_directory_that_is_not_there_is_found(jail):
    """It would hold no settings, and so nothing that is wrong."""
    assert sentences(jail, '[ci]\ncwd = "clster"\n') == ["ci.cwd: there is no directory 'clster'"]


def test_environments_have_profiles(jail):
    """Each environment chooses the profiles of its composed files, in its table or by a flag."""
    jail.write(
        "run.yaml", "$config: 1\n$profiles: {slurm: {mode: offlin}, ci: {project: capsules}}\n"
    )
    declared = (
        '[ci]\nfiles = ["run.yaml"]\nprofiles = ["ci"]\n'
        '[cluster]\nfiles = ["run.yaml"]\nprofiles = ["slurm"]\n'
        '[flag]\nfiles = ["run.yaml"]\nflags = ["--profile", "slurm"]\n'
        '[wrong]\nfiles = ["run.yaml"]\nprofiles = ["slrum"]\n'
    )
    refused = "mode: must be one of 'online', 'offline', 'disabled'; got 'offlin'"
    assert sentences(jail, declared) == [
        f"{refused} (in environment 'cluster')",
        f"{refused} (in environment 'flag')",
        "no file has a profile 'slrum' (in environment 'wrong')",
    ]


def test_an_unknown_profile_is_at_its_declaration(jail):
    """Also where no file, or no composed file, is named."""
    jail.write("run.yaml", "$config: 1\n$profiles: {slurm: {mode: offline}}\n")
    jail.write("plain.yaml", "mode: offline\n")
    path = jail.write(
        "environments.toml",
        '[a]\nprofiles = ["slrum"]\n[b]\nfiles = ["run.yaml"]\ncwd = "."\nprofiles = ["slrum"]\n'
        '[c]\nfiles = ["plain.yaml"]\n\nprofiles = [\n"slrum"]\n',
    )
    assert [str(each.origin) for each in check_matrix(path, Settings, jail.cwd)] == [
        "environments.toml:2:12",
        "environments.toml:6:12",
        "environments.toml:10:12",
    ]
