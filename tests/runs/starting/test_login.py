"""Whether a run may be sent: `mode`, `force`, `anonymous`."""

from __future__ import annotations

import importlib.util

import pytest

import runsettings
from runsettings.journal.replay import load_run
from runsettings.models.settings import Settings
from runsettings.runs.starting.login import decide_shipping, find_login
from runsettings.shipping.addresses import Server
from runsettings.values.errors import RunError, SettingsError

KEY = "0123456789abcdef0123456789abcdef01234567"


def online(begin, **given):
    """A start in online mode."""
    return begin(mode="online", settings={"disable_git": True}, **given)


def test_online_without_a_login_is_offline_with_one_line(begin, capsys):
    """The line says why and the run is recorded."""
    run = online(begin)
    told = capsys.readouterr().err.splitlines()
    assert told[0] == (
        "runsettings: not logged in: no API key for https://api.wandb.ai was found; "
        "the run is recorded offline"
    )
    assert len(told) == 2
    assert run.mode == "offline"
    assert run.path.name.startswith("offline-run-")


def test_force_makes_that_an_error(begin, jail):
    """It says what to do, and nothing is made."""
    with pytest.raises(RunError) as caught:
        online(begin, force=True)
    text = str(caught.value)
    assert "not logged in: no API key" in text
    assert 'set WANDB_API_KEY, or mode="offline"' in text
    assert "init(force=)" in text
    assert not (jail.cwd / "wandb").exists()


def test_force_does_not_matter_offline(begin):
    """Offline mode needs no login."""
    assert begin(force=True).id


def test_a_login_without_the_client_says_so(begin, jail, capsys, monkeypatch):
    """The key alone sends nothing."""
    jail.setenv(WANDB_API_KEY=KEY)
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "wandb" else found(name)
    )
    assert online(begin).mode == "offline"
    told = capsys.readouterr().err
    assert "the wandb package, which sends runs, is not installed" in told
    assert "pip install 'runsettings[wandb]'" in told
    with pytest.raises(RunError, match=r"pip install 'runsettings\[wandb\]'"):
        online(begin, force=True, reinit=True)


@pytest.mark.parametrize("place", ["argument", "variable", "file", "netrc"])
def test_a_login_is_online_wherever_its_key_is(jail, place):
    """And the key goes along with the address, which nobody sees."""
    host, given = "127.0.0.1:9", {}
    if place == "argument":
        given = {"api_key": KEY}
    elif place == "variable":
        jail.setenv(WANDB_API_KEY=KEY)
    elif place == "file":
        jail.write_user(f"[default]\napi_key = {KEY}\n")
    else:
        jail.write(jail.home / ".netrc", f"machine {host} login user password {KEY}\n").chmod(0o600)
    settings = Settings.resolve(base_url=f"http://{host}", **given)
    shipping = decide_shipping(settings, find_login(settings, {"HOME": str(jail.home)}))
    assert shipping == ("online", None, Server(f"http://{host}", KEY).address)


def test_a_store_wins_over_a_login(jail):
    """And that both are there is told in one line."""
    jail.setenv(WANDB_API_KEY=KEY, WANDB_STORE="sqlite:///runs.db")
    settings = Settings.resolve()
    shipping = decide_shipping(settings, find_login(settings, {}))
    assert shipping == (
        "online",
        "the run goes to the store, not to https://api.wandb.ai",
        "sqlite:///runs.db",
    )


@pytest.mark.parametrize(
    ("anonymous", "logged_in", "marked"),
    [
        (None, False, False),
        ("never", True, False),
        ("allow", False, True),
        ("allow", True, False),
        ("must", False, True),
        ("must", True, True),
    ],
)
def test_an_anonymous_run_carries_no_entity(begin, jail, anonymous, logged_in, marked):
    """And is marked so."""
    if logged_in:
        jail.setenv(WANDB_API_KEY=KEY)
    run = begin(anonymous=anonymous, entity="e")
    seen = load_run(run.journal_path)
    assert (seen.anonymous, seen.entity, run.entity) == (
        marked,
        None if marked else "e",
        None if marked else "e",
    )


@pytest.mark.parametrize("machine", ["127.0.0.1:9", "127.0.0.1"])
def test_the_machine_in_netrc_may_have_the_port(jail, machine):
    """`wandb login --host` writes it with the port of the address."""
    path = jail.home / ".netrc"
    path.write_text(f"machine {machine} login user password {KEY}\n")
    path.chmod(0o600)
    settings = Settings.resolve(base_url="http://127.0.0.1:9")
    assert find_login(settings, {"HOME": str(jail.home)}).key == KEY


@pytest.mark.parametrize(
    ("anonymous", "told"),
    [("allow", "not logged in: no API key"), ("must", "sends no anonymous runs any more")],
)
def test_an_anonymous_run_is_offline(begin, capsys, anonymous, told):
    """The client sends none; whether it is marked so does not change that."""
    assert online(begin, anonymous=anonymous).mode == "offline"
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"machine api.wandb.ai login user password {KEY}", True),
        (f"machine other.host login user password {KEY}", False),
        ("machine api.wandb.ai login user", False),
        ("\xff\xfe not a netrc", False),
        ("", False),
    ],
)
def test_the_key_may_be_in_netrc(jail, text, found):
    """Under the host of `base_url`; a broken file is no login and no error."""
    path = jail.home / ".netrc"
    path.write_bytes(text.encode("latin-1"))
    path.chmod(0o600)
    login = find_login(Settings.resolve(), {"HOME": str(jail.home)})
    assert login.key == (KEY if found else None)


@pytest.mark.parametrize("place", ["variable", "netrc", "argument", None])
def test_login_says_whether_a_key_is_known(jail, capfd, place):
    """It returns that too, and shows no key."""
    arguments = {"key": KEY} if place == "argument" else {}
    if place == "variable":
        jail.setenv(WANDB_API_KEY=KEY)
    elif place == "netrc":
        path = jail.write(jail.home / ".netrc", f"machine here:9 login user password {KEY}\n")
        path.chmod(0o600)
        arguments = {"host": "http://here:9"}
    assert runsettings.login(**arguments) is (place is not None)
    (line,) = capfd.readouterr().err.splitlines()
    assert KEY not in line
    assert ("keeps no key" if arguments.get("key") else "key for http") in line.replace("API ", "")


def test_login_takes_the_clients_other_arguments(jail):
    """They have no effect: nothing is asked or sent."""
    jail.setenv(WANDB_API_KEY=KEY, WANDB_SILENT="true")
    assert runsettings.login("allow", relogin=True, force=True, timeout=3, verify=True)


def test_login_refuses_a_wrong_host():
    """By the rules of the setting, with the argument as origin."""
    with pytest.raises(SettingsError, match=r"login\(host=\)"):
        runsettings.login(host="https://wandb.ai")
