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


def test_many_variables_of_one_field(jail, counted_calls):
    """Each costs the same, however many there are; keys keep the case of their variables."""

    class App(LayeredSettings):
        model_config = LayeredConfigDict(env_nested_delimiter="__", env_prefix="A_")
        tables: dict[str, int] = {}

    counts = []
    for number in (100, 200):
        environ = {f"A_TABLES__Key{each}": f"{each}" for each in range(number)}
        with counted_calls() as calls:
            app = App.resolve(environ=environ)
        assert app.tables == {f"Key{each}": each for each in range(number)}
        counts.append(calls.total())
    assert counts[1] < 2.2 * counts[0]
