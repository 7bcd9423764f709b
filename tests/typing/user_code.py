"""Typical code of a user, for type checkers without plugins. `make types` checks it.

Each line with ``type: ignore`` is a mistake that a checker must find.
"""

from pydantic import BaseModel

from runsettings import LayeredSettings, Origin, Settings, init


class Optim(BaseModel):
    """A nested model."""

    lr: float = 0.1


class Training(LayeredSettings, env_prefix="APP_"):
    """Settings of a program."""

    port: int = 1
    optim: Optim = Optim()


class Mine(Settings):
    """The settings of a run, and one more."""

    team: str = "x"


LayeredSettings()
Training()
training = Training(port=2)
resolved: Training = Training.resolve(port=2)
changed: Training = training.replace(port=3)
rate: float = training.optim.lr
why: str = training.explain("port")
origin: Origin = training.history("port")[0].origin
label: str = training.sources[0].layer.label + training.digest
settings = Settings(project="x")
project: str | None = settings.project
mine = Mine(project="x", team="y")
run = init(project="x", settings=mine)
run.config.update({"lr": 0.1})

Training(port="no")  # type: ignore[arg-type]
Settings(project=3)  # type: ignore[arg-type]
training.explain(3.5)  # type: ignore[arg-type]
wrong: str = training.port  # type: ignore[assignment]
