"""Composed settings files that a program names, for any layered settings."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

import runsettings
from runsettings import Layer, LayeredSettings, Rule, RunConfig, Settings, SettingsError


class Serve(LayeredSettings):
    """Settings of a program of the user's own."""

    model_config = {"env_prefix": "SERVE_"}

    host: str = "localhost"
    port: int = 80
    workers: int = 1
    url: str = ""
    tags: list[str] = []
    limit: int = 7


@pytest.fixture
def project(jail) -> None:
    """A file that uses another one and has two profiles and two references."""
    jail.write(
        "serve.yaml",
        "$config: 1\n$use: [base.yaml]\n"
        "$profiles:\n  slurm: {workers: 16}\n  debug: {workers: 2}\n"
        'url: "http://${host}:${port}/${limit}"\ntags: {$append: [night]}\n',
    )
    jail.write("base.yaml", "$config: 1\nhost: node7\nport: 8080\ntags: [base]\n")


def words(*arguments: str) -> argparse.Namespace:
    """The parsed flags of a program with the flags of composed files."""
    parser = argparse.ArgumentParser()
    runsettings.add_config_arguments(parser)
    Serve.add_arguments(parser)
    return runsettings.parse_args(parser, list(arguments))


@pytest.mark.usefixtures("project")
class TestProject:
    """`resolve(files=)` of a composed file."""

    def test_values(self) -> None:
        """A file stands above those that it uses, and its references are looked up."""
        serve = Serve.resolve(files="serve.yaml")
        assert serve.url == "http://node7:8080/7"
        assert serve.tags == ["base", "night"]

    def test_origins(self) -> None:
        """Each value names its own file, and a reference its own place and those of its targets."""
        serve = Serve.resolve(files="serve.yaml")
        assert "base.yaml:2:7   used by serve.yaml:2:8" in serve.explain("host")
        assert str(serve.origin("url")) == (
            "serve.yaml:6:6 → base.yaml:2:7, base.yaml:3:7, Serve.limit"
        )

    def test_reference_waits_for_all_layers(self, jail) -> None:
        """A reference has the value that wins: a flag's, a variable's or the call's."""
        jail.setenv(SERVE_PORT="81")
        serve = Serve.resolve(files="serve.yaml", args=words("--host", "node9"), limit=3)
        assert serve.url == "http://node7:8080/3"
        order = [*runsettings.Layer][:-1]
        order.remove(Layer.FILE)
        serve = Serve.resolve(
            files="serve.yaml",
            args=words("--host", "node9"),
            layers=[Layer.FILE, *order],
        )
        assert serve.url == "http://node9:81/7"

    def test_profile_of_the_call(self) -> None:
        """The call chooses a profile, which stands above its file."""
        assert Serve.resolve(files="serve.yaml", profiles="slurm").workers == 16

    def test_profile_of_a_flag(self) -> None:
        """The flag ``--profile`` chooses a profile."""
        assert Serve.resolve(files="serve.yaml", args=words("--profile", "debug")).workers == 2

    def test_profile_of_the_variable(self, jail) -> None:
        """``RUNSETTINGS_PROFILE`` chooses a profile where neither call nor flag does."""
        jail.setenv(RUNSETTINGS_PROFILE="slurm")
        assert Serve.resolve(files="serve.yaml").workers == 16
        assert Serve.resolve(files="serve.yaml", args=words("--profile", "debug")).workers == 2
        assert Serve.resolve(files="serve.yaml", profiles=()).workers == 1

    def test_environment_of_the_call(self) -> None:
        """Profiles and references ask the environment that the call passes."""
        environ = {"RUNSETTINGS_PROFILE": "debug"}
        assert Serve.resolve(files="serve.yaml", environ=environ).workers == 2

    @pytest.mark.parametrize("files", [(), "serve.yaml", "base.yaml"])
    def test_unknown_profile(self, files: str) -> None:
        """A profile of the call that no file has is an error."""
        with pytest.raises(SettingsError, match="no file has a profile 'slrum'"):
            Serve.resolve(files=files, profiles="slrum")

    def test_unknown_profile_of_a_flag(self) -> None:
        """A profile of a flag that no file has is an error with a proposal."""
        with pytest.raises(SettingsError, match="did you mean 'slurm'"):
            Serve.resolve(files="serve.yaml", args=words("--profile", "slrum"))

    def test_file_of_a_flag(self, jail) -> None:
        """The file of ``--settings-file`` may be composed as well."""
        args = argparse.Namespace(settings_file="serve.yaml")
        serve = Serve.resolve(args=args, profiles=["slurm"])
        assert (serve.workers, serve.host) == (16, "node7")


def test_all_errors_at_once(jail) -> None:
    """One report has what is wrong in every file, each with its own place."""
    jail.write(
        "serve.yaml", "$config: 1\n$use: [base.yaml, missing.yaml]\nprot: 1\nurl: '${hots}'\n"
    )
    jail.write("base.yaml", "$config: 1\nhost: n\nport: many\n")
    with pytest.raises(SettingsError) as caught:
        Serve.resolve(files="serve.yaml", profiles="slrum")
    found = {(each.rule, str(each.origin)) for each in caught.value.diagnostics}
    assert found == {
        (Rule.UNREADABLE_FILE, "serve.yaml:2:19"),
        (Rule.UNKNOWN_KEY, "serve.yaml:3:1"),
        (Rule.UNKNOWN_REFERENCE, "serve.yaml:4:6"),
        (Rule.BAD_VALUE, "base.yaml:3:7"),
        (Rule.UNKNOWN_PROFILE, found_call(caught.value)),
    }


def found_call(error: SettingsError) -> str:
    """The place of the call, whose line this file does not know."""
    return next(str(d.origin) for d in error.diagnostics if d.rule is Rule.UNKNOWN_PROFILE)


def test_a_file_that_is_not_composed_is_plain_data(jail) -> None:
    """Nothing in a file without ``$config`` has a special meaning."""
    jail.write("serve.yaml", "host: '${port}'\n")
    assert Serve.resolve(files="serve.yaml").host == "${port}"


def test_settings_of_runs(jail) -> None:
    """`Settings` reads composed files as any other class."""
    jail.write("run.yaml", "$config: 1\n$use: [base.ini]\nproject: '${entity}-2'\n")
    jail.write("base.ini", "[default]\nentity = caps\n")
    assert Settings.resolve(files="run.yaml").project == "caps-2"


def test_init(jail) -> None:
    """The file that `init` is given is composed, and the flag ``--profile`` counts for it."""
    jail.write("run.yaml", "$config: 1\n$profiles: {a: {project: p}}\nquiet: true\n")
    args = words("--profile", "a")
    with runsettings.init(settings=Path("run.yaml"), config=args, mode="disabled") as run:
        assert run.project == "p"


def test_references_by_other_spellings(jail) -> None:
    """A reference may use any spelling of a key, as the files may."""

    class Aliased(LayeredSettings):
        model_config = {"populate_by_name": True}
        rate: float = Field(default=0.1, alias="learning-rate")
        twice: float = 0.0

    jail.write("a.yaml", "$config: 1\nlearning-rate: 0.5\ntwice: '${learning-rate}'\n")
    assert Aliased.resolve(files="a.yaml").twice == 0.5


def test_secret_of_a_reference_is_masked(jail) -> None:
    """A text with the value of a secret is masked as the secret itself."""
    jail.write("run.yaml", "$config: 1\nrun_notes: 'key ${api_key}'\n")
    jail.setenv(WANDB_API_KEY="0123456789" * 4)
    order = [Layer.FILE, Layer.ENV]
    settings = Settings.resolve(files="run.yaml", layers=order)
    assert "0123456789" not in settings.explain("run_notes") + repr(settings)


@pytest.mark.parametrize("name", ["run.yaml", "run.json", "wandb/settings.yaml"])
def test_schema_of_an_editor_is_no_setting(jail, name) -> None:
    """``$schema`` passes in every settings file."""
    jail.write(name, '{"$schema": "settings.schema.json", "project": "p"}')
    files = () if name.startswith("wandb") else name
    assert Settings.resolve(files=files).project == "p"


def test_late_config(jail) -> None:
    """A ``$config`` that is not the first key is one error, which tells what to do."""
    jail.write("run.yaml", "project: p\n$config: 1\n")
    with pytest.raises(SettingsError) as caught:
        Settings.resolve(files="run.yaml")
    (found,) = caught.value.diagnostics
    assert (found.rule, str(found.origin), found.is_error) == (
        *(Rule.LATE_CONFIG, "run.yaml:2:1"),
        True,
    )


def test_circle_of_references(jail) -> None:
    """References that wait for each other are one error with the places of all."""
    jail.write("serve.yaml", "$config: 1\nport: '${workers}'\nworkers: '${port}'\n")
    with pytest.raises(SettingsError) as caught:
        Serve.resolve(files="serve.yaml")
    (found,) = caught.value.diagnostics
    assert found.rule is Rule.CIRCULAR
    assert [str(origin) for origin, _ in found.related] == ["serve.yaml:3:10"]


def test_root_of_the_workspace_takes_no_reference(jail) -> None:
    """The directory of the workspace is settled before references are looked up."""
    jail.write("run.yaml", "$config: 1\nroot_dir: '${project}'\nproject: p\n")
    with pytest.raises(SettingsError, match="root_dir: takes no reference") as caught:
        Settings.resolve(files="run.yaml")
    assert len(caught.value.diagnostics) == 1


@pytest.mark.parametrize(
    "name", ["http://x/y.yaml", "/dev/zero", "below", "serve.yaml", "gone.yaml"]
)
def test_files_that_cannot_be_used(jail, name: str) -> None:
    """An address, a device, a directory, a circle and a missing file are errors in their place."""
    (jail.cwd / "below").mkdir()
    jail.write("serve.yaml", f"$config: 1\n$use: [{name}]\n")
    with pytest.raises(SettingsError) as caught:
        Serve.resolve(files="serve.yaml")
    assert [str(each.origin) for each in caught.value.diagnostics] == ["serve.yaml:2:8"]


def test_a_reference_does_not_pass_a_lock(jail) -> None:
    """The site's locks hold for the values of references."""
    jail.write_site("[default]\nmode = offline\n[policy]\nlock = mode\n")
    jail.write("run.yaml", "$config: 1\nmode: '${project}'\nproject: online\n")
    with pytest.raises(SettingsError, match="mode is locked"):
        Settings.resolve(files="run.yaml")


def test_a_reference_has_the_type_of_its_target(jail) -> None:
    """What a variable has as a text is a number where the target's field is one."""

    class Free(RunConfig):
        """A config with a part of any values."""

        model_config = {"env_prefix": "FREE_"}
        epochs: int = 1
        shuffle: bool = False
        name: str = "n"
        where: Path = Path("data")
        extra: dict[str, Any] = {}
        text: str = ""

    jail.write(
        "free.yaml",
        "$config: 1\n"
        "extra: {n: '${epochs}', s: '${shuffle}', t: 'run-${shuffle}', name: '${name}'}\n"
        "text: '${where}'\n",
    )
    jail.setenv(FREE_EPOCHS="20", FREE_SHUFFLE="yes", FREE_NAME="7")
    free = Free.resolve(files="free.yaml")
    assert free.extra == {"n": 20, "s": True, "t": "run-true", "name": "7"}
    assert free.text == "data"


@pytest.mark.parametrize("wrong", ["many", "1.5"])
def test_a_reference_to_a_wrong_value(jail, wrong: str) -> None:
    """A wrong value is reported once: where it was set, with the places of its references."""
    jail.write("serve.yaml", "$config: 1\nworkers: '${port}'\n")
    jail.setenv(SERVE_PORT=wrong)
    with pytest.raises(SettingsError) as caught:
        Serve.resolve(files="serve.yaml")
    (found,) = caught.value.diagnostics
    assert str(found.origin) == "SERVE_PORT"
    assert [str(origin) for origin, _ in found.related] == ["serve.yaml:2:10"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("optim.yaml", "lr: 0.3\nlrr: 0.3\n"),
        ("optim.toml", "lr = 0.3\nlrr = 0.3\n"),
        ("optim.json", '{"lr": 0.3,\n"lrr": 0.3}\n'),
    ],
)
def test_an_unknown_key_of_a_mount_is_where_it_is_mounted(jail, name, text):
    """The keys of ``$use`` are written in the file that uses the other one, and only these."""

    class Optim(BaseModel):
        lr: float = 0.1

    class Train(LayeredSettings):
        optim: Optim = Optim()

    jail.write(name, text)
    jail.write(
        "train.yaml",
        f"$config: 1\n$use:\n  - optm: {name}\n  - optim.size: {name}\n  - optim: {name}\n",
    )
    with pytest.raises(SettingsError) as caught:
        Train.resolve(files=["train.yaml"])
    found = {each.key: (str(each.origin), each.excerpt) for each in caught.value.diagnostics}
    assert found["optm"] == ("train.yaml:3:11", None)
    assert found["optim.size"] == ("train.yaml:4:17", None)
    assert found["optim.lrr"][0] == f"{name}:2:1"
    assert found["optim.lrr"][1].text == text.splitlines()[1]
