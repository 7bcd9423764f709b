"""Programs with wrong types: a type checker must complain about each line that is marked."""

from __future__ import annotations

from pydantic import BaseModel

from runsettings import LayeredSettings, Settings, init


class Optimizer(BaseModel):
    """A nested model."""

    lr: float = 0.1


class Training(LayeredSettings):
    """Settings with a field that has no default and one that has."""

    model: str
    lr: float = 0.1
    optimizer: Optimizer = Optimizer()


class Bad(LayeredSettings):
    """A default of another type."""

    epochs: int = "many"  # wrong


settings = Training(model="vit")
number: int = settings.model  # wrong
text: str = settings.optimizer.lr  # wrong
print(settings.learning_rate)  # wrong
print(settings.optimizer.momentum)  # wrong
Training(model="vit", lr=[0.1])  # wrong: not mypy-plugin
Training(model="vit", optimizer=3)  # wrong: not mypy-plugin
# As with BaseSettings: only the plugin knows the arguments of pydantic-settings.
Training(model="vit", _env_file=".env")  # wrong: pyright, basedpyright, mypy
# Validators may assign, so the class is not frozen for those who do not know pydantic.
settings.lr = 0.2  # wrong: mypy-plugin, mypy-typed
Training.resolve(strict="perhaps")  # wrong
Training.resolve(cwd=3)  # wrong
print(Training.resolve().missing)  # wrong
lines: list[str] = settings.explain("lr")  # wrong
settings.origin(3)  # wrong
print(settings.replace(lr=0.2).missing)  # wrong
Settings(project=3)  # wrong: not mypy-plugin
print(Settings().projct)  # wrong
init(projct="capsules")  # wrong
init(tags=3)  # wrong
