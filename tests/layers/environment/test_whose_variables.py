"""Which environment is read, and which field a variable is meant for."""

from __future__ import annotations

from pydantic import BaseModel

from runsettings import LayeredConfigDict, LayeredSettings


def test_an_environment_in_the_place_of_os_environ(monkeypatch):
    """A test that replaces `os.environ` itself is seen."""

    class Named(LayeredSettings):
        name: str = ""

    monkeypatch.setattr("os.environ", {"NAME": "patched"})
    assert Named().name == "patched"


def test_names_that_overlap(jail):
    """With ``_`` as the delimiter, the field that has such a key is meant."""

    class Db(BaseModel):
        host: str = ""

    class Pool(BaseModel):
        size: int = 0

    class App(LayeredSettings):
        model_config = LayeredConfigDict(env_nested_delimiter="_")
        db: Db = Db()
        db_pool: Pool = Pool()

    jail.setenv(DB_HOST="here", DB_POOL_SIZE="3")
    app = App()
    assert (app.db.host, app.db_pool.size) == ("here", 3)


def test_a_plain_field_whose_variable_reaches_into_another(jail):
    """Both fields get it, as in pydantic-settings."""

    class Db(BaseModel):
        host: str = ""

    class App(LayeredSettings):
        model_config = LayeredConfigDict(env_nested_delimiter="_")
        db: Db = Db()
        db_host: str = ""

    jail.setenv(DB_HOST="here")
    app = App()
    assert (app.db.host, app.db_host) == ("here", "here")
