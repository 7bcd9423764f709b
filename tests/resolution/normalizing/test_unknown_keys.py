"""The house's policy: unknown keys, and when a warning is an error."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import BaseModel

from runsettings import LayeredSettings, Rule, Settings, SettingsError, SettingsWarning
from runsettings.models.wandb_client_names import WANDB_CLIENT_NAMES


def test_misspelt_key_in_a_file(jail, message):
    """The whole message, with the line and the key marked."""
    jail.write("x.yaml", "mode: offline\nprojet: a\n")
    assert message(files="x.yaml") == (
        "1 problem in settings\n\n"
        "  projet is not a key of Settings — did you mean 'project'?\n"
        "    x.yaml:2:1\n"
        "      2 │ projet: a\n"
        "        │ ^^^^^^"
    )


def test_misspelt_key_in_a_shared_file(jail, warning):
    """A warning, as the file is the client's as well."""
    jail.write_workspace("[default]\nprojet = a\n")
    assert warning() == (
        "1 warning in settings\n\n"
        "  warning: projet is not a key of Settings — did you mean 'project'?\n"
        "    wandb/settings:2\n"
        "      2 │ projet = a\n"
        "        │ ^^^^^^"
    )


def test_misspelt_variable(warning):
    """A variable close to a known one."""
    assert warning(environ={"WANDB_PROJET": "a"}) == (
        "1 warning in settings\n\n"
        "  warning: WANDB_PROJET is not a variable that sets anything"
        " — did you mean 'WANDB_PROJECT'?\n"
        "    WANDB_PROJET"
    )


@pytest.mark.parametrize("name", ["wandb_mode", "Wandb_Mode", "WANDB_mode", "wandb_MODE"])
def test_a_variable_in_small_letters_sets_nothing(name):
    """As for the wandb client; the warning names the variable in capitals."""
    with pytest.warns(SettingsWarning, match=f"{name} is not .* did you mean 'WANDB_MODE'"):
        settings = Settings.resolve(environ={name: "offline"})
    assert settings.mode == "online"


def test_a_variable_in_small_letters_in_a_dotenv_file_sets_nothing(jail):
    """A ``.env`` file is read by the same rule."""
    jail.write("t.env", "wandb_mode=offline\nWANDB_PROJECT=p\n")
    with pytest.warns(SettingsWarning, match="wandb_mode is not .* did you mean 'WANDB_MODE'"):
        settings = Settings.resolve(env_file="t.env")
    assert (settings.mode, settings.project) == ("online", "p")


def test_a_model_of_the_user_s_own_takes_variables_in_any_case():
    """As in pydantic-settings."""

    class Model(LayeredSettings, env_prefix="T_"):
        size: int = 1

    assert Model.resolve(environ={"t_size": "2"}).size == 2


@pytest.mark.parametrize("name", ["WANDB_INIT", "WANDB_DISABLE", "WANDB_RESUME_IDS", "wandb_watch"])
def test_a_variable_closer_to_another_program_s_name_is_passed_over(name):
    """Nothing is proposed that is less close than a name of the client or of a tool."""
    assert Settings.resolve(environ={name: "1"}).diagnostics == ()


def test_variables_of_others_are_passed_over():
    """A variable with our prefix that resembles nothing may be anybody's."""
    environ = {"WANDB_ZZZZZZZ": "a", "PROJET": "b", "WANDBPROJECT": "c"}
    assert Settings.resolve(environ=environ).diagnostics == ()


@pytest.mark.parametrize("name", sorted(WANDB_CLIENT_NAMES))
def test_names_of_the_client_are_silent(jail, name):
    """What only the wandb client knows is no mistake, in its variables and in its files."""
    environ = {name: "1"} if name.isupper() else {}
    if not environ:
        jail.write_workspace(f"[default]\n{name} = 1\n")
    assert Settings.resolve(environ=environ).diagnostics == ()


def test_names_of_the_client_are_errors_where_only_we_read(jail, message):
    """In a file written for us, a setting of the client's has no effect, and is told."""
    jail.write("x.yaml", "console: off\n")
    assert "console is not a key of Settings" in message(files="x.yaml")


@pytest.mark.parametrize("name", ["console", "code_dir", "x_disable_stats", "_disable_stats"])
def test_names_of_the_client_are_a_line_in_code(name):
    """A script for the client goes on, and is told what has no effect."""
    text = f"warning: {name} is a setting of the wandb client, and has no effect here"
    with pytest.warns(SettingsWarning) as caught:
        settings = Settings(**{name: "off", "project": "p"})
    (only,) = caught
    assert text in str(only.message)
    assert settings.project == "p"
    with pytest.raises(SettingsError, match=f"{name} is a setting of the wandb client"):
        Settings.resolve(strict=True, **{name: "off"})


def test_what_the_client_writes_to_its_file_is_silent(jail):
    """`wandb offline` of an older client writes these lines."""
    jail.write_workspace("[default]\ndisabled = true\nmode = offline\nanonymous = true\n")
    settings = Settings.resolve()
    assert (settings.diagnostics, settings.mode, settings.anonymous) == ((), "offline", "allow")


@pytest.mark.parametrize("name", ["WANDB_WATCH", "WANDB_LOG_MODEL", "WANDB_ONLINE", "WANDB_TOKEN"])
def test_a_prefix_in_common_makes_no_name_alike(name):
    """A variable of another tool is not told to be a setting's."""
    assert Settings.resolve(environ={name: "true"}).diagnostics == ()


def test_key_in_the_wrong_place():
    """A key that exists deeper in the model is told to belong there."""

    class Optim(LayeredSettings):
        lr: float = 0.1

    class Model(LayeredSettings):
        optim: Optim | None = None

    with pytest.raises(SettingsError) as caught:
        Model.resolve(environ={}, lr=3)
    assert caught.value.diagnostics[0].hint == "it belongs under 'optim.lr'"


def test_unknown_key_inside_a_nested_model():
    """The path leads to the key, and the nested model's own keys are suggested."""

    class Model(LayeredSettings):
        class Optim(LayeredSettings):
            momentum: float = 0.1

        optim: Optim | None = None

    with pytest.raises(SettingsError) as caught:
        Model.resolve(environ={}, optim={"momentun": 3})
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.rule, diagnostic.key) == (Rule.UNKNOWN_KEY, "optim.momentun")
    assert diagnostic.hint == "did you mean 'momentum'?"


@pytest.mark.parametrize("how", ["argument", "setting"])
def test_strict_makes_errors_of_warnings(jail, how, message):
    """By the argument of one call, or by the setting."""
    jail.write_workspace("[default]\nprojet = a\n")
    inputs = {"strict": True} if how == "argument" else {"environ": {"WANDB_STRICT": "true"}}
    assert message(**inputs).startswith(
        "1 problem in settings\n\n  projet is not a key of Settings"
    )


def test_warnings_come_beside_errors(jail, message):
    """Errors first, warnings after them, and only errors are counted."""
    jail.write_workspace("[default]\nprojet = a\n")
    text = message(mode="x")
    assert text.startswith("1 problem in settings\n\n  mode: must be one of")
    assert "warning: projet is not a key" in text


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"mode": "offlin", "projct": "x"}, {"mode", "projct"}),
        ({"optim": {"kind": "adan", "lrr": 1}}, {"optim.kind", "optim.lrr"}),
        ({"optims": [{"kind": "adan", "lrr": 1}]}, {"optims[0].kind", "optims[0].lrr"}),
    ],
    ids=["model", "nested", "list"],
)
def test_a_wrong_choice_hides_no_unknown_key(values, expected):
    """A bad value of a field with choices, and a misspelt key beside it, are both told."""

    class Adam(BaseModel):
        kind: Literal["adam"] = "adam"
        lr: float = 0.1

    class Model(LayeredSettings):
        mode: Literal["online", "offline"] = "online"
        project: str = ""
        optim: Adam = Adam()
        optims: list[Adam] = []

    with pytest.raises(SettingsError) as caught:
        Model(**values)
    assert {diagnostic.key for diagnostic in caught.value.diagnostics} == expected


def test_many_unknown_keys_cost_little_each(jail, counted_calls):
    """The options of the model are gathered once, and not for each key."""

    def table_calls(number):
        jail.write("x.ini", "[default]\n" + "".join(f"k{each} = 1\n" for each in range(number)))
        with counted_calls() as calls, pytest.raises(SettingsError):
            Settings.resolve(files="x.ini", environ={})
        return calls["option_table"]

    table_calls(1)
    assert table_calls(100) == table_calls(2)
