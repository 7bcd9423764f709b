"""Writing one setting to a file, after checking what it would do there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from runsettings.documents.files import read_bytes
from runsettings.layers.base import Inputs
from runsettings.layers.call_site import find_caller
from runsettings.layers.settings_files.writing import SettingsFile, settings_file
from runsettings.models.layered import LayeredSettings
from runsettings.models.model_options import config_of, inputs_of, layers_of, options
from runsettings.models.resolving import resolve_layers
from runsettings.models.value_checking import REFUSED, checked_value
from runsettings.resolution.options import Option, OptionTable
from runsettings.resolution.resolve import Resolution, root_of
from runsettings.resolution.validation_errors import show_value
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.errors import SettingsError
from runsettings.values.key_paths import KeyPath, format_path
from runsettings.values.origin import Layer, Origin
from runsettings.values.tree import Leaf

_UNWRITTEN: Final = "; nothing was written"
"""How the subject of a refusal ends."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What was done to a file, and what it means.

    Attributes:
        path: The key.
        file: The file.
        shown: The value that was set, as text for a person; ``None`` if one was removed.
        changed: Whether the file says something else now.
        created: Whether the file was not there before.
        counts: What all layers say about the key now, the winner first.
        shown_winner: The value that counts, as text; ``None`` if the default does.
        remaining: Errors that the settings have now.
    """

    path: KeyPath
    file: SettingsFile
    shown: str | None
    changed: bool
    created: bool
    counts: tuple[Leaf, ...]
    shown_winner: str | None
    remaining: tuple[Diagnostic, ...]

    @property
    def hidden_by(self) -> Origin | None:
        """What keeps the value that was set from counting, if anything does."""
        if self.shown is None or not self.counts:
            return None
        winner = self.counts[0].origin
        return None if (winner.layer, winner.where) == self.file.origin[:2] else winner


@contextmanager
def nothing_written() -> Iterator[None]:
    """Lets every refusal inside say that nothing was written.

    Raises:
        SettingsError: What was raised inside, with that in its subject.
    """
    try:
        yield
    except SettingsError as error:
        if error.subject.endswith(_UNWRITTEN):
            raise
        raise SettingsError(error.diagnostics, error.subject + _UNWRITTEN) from error


def find_option(model: type[LayeredSettings], key: str) -> Option:
    """The option that a person calls ``key``: ``project``, ``optim.lr``, ``run-name``.

    Raises:
        SettingsError: The model has no such key.
    """
    table: OptionTable | None = options(model)
    option: Option | None = None
    parts = tuple(key.split("."))
    for index, part in enumerate(parts):
        known = {} if table is None else table.spelled
        option = known.get(part) or known.get(part.replace("-", "_"))
        if option is None:
            meant = set_by(options(model), key)
            hint = did_you_mean(part, known) if meant is None else f"this variable sets {meant!r}"
            raise SettingsError.of(
                Rule.UNKNOWN_KEY,
                f"is not a key of {model.__name__}",
                path=parts[: index + 1],
                hint=hint,
            )
        table = option.table
    assert option is not None
    return option


def set_by(table: OptionTable, variable: str) -> str | None:
    """The key that an environment variable sets, or ``None`` for what is none, or is a key too."""
    if variable in table.spelled:
        return None
    for option in table.leaves():
        if variable in option.variables:
            return format_path(option.path)
    return None


def set_setting(model: type[LayeredSettings], key: str, text: str, layer: Layer) -> Edit:
    """Write the setting ``key`` to the file of ``layer``.

    Args:
        model: The settings class.
        key: The key; ``optim.lr`` reaches inside.
        text: The value, written as in a variable.
        layer: USER, PYPROJECT or WORKSPACE.

    Raises:
        SettingsError: The key is unknown or locked, the value is refused, or the file cannot be
            read or written. Nothing was written.
    """
    with nothing_written():
        option = find_option(model, key)
        inputs, now = _resolved(model)
        file = settings_file(layer, inputs)
        if not _is_unicode(text):
            message = "is not text: it holds bytes that are not UTF-8"
            raise SettingsError.of(Rule.BAD_VALUE, message, path=option.path, origin=file.origin)
        _refuse_place(model, option, file, now)
        value = checked_value(model, option, text, file, now)
        done = file.set(option.path, value, _holds_secret(options(model)))
    secret = options(model).is_secret(option.path)
    return _edit(model, option, file, show_value(value, secret=secret), done)


def remove_setting(model: type[LayeredSettings], key: str, layer: Layer) -> Edit:
    """Take the setting ``key`` out of the file of ``layer``, an unknown key too.

    Raises:
        SettingsError: The file does not set it, or cannot be read or written.
    """
    inputs, now = _resolved(model)
    file = settings_file(layer, inputs)
    try:
        option = find_option(model, key)
        path, spellings = option.path, option.spellings
    except SettingsError:
        option, path, spellings = None, tuple(key.split(".")), ()
    written = _text(file)
    places = [(*path[:-1], name) for name in (path[-1], *spellings)]
    there = [place for place in places if file.value(place, written) is not None]
    if not there:
        if option is None:
            find_option(model, key)
        raise _not_there(model, path, file, now)
    done = None
    for place in there:
        done = file.remove(place, _holds_secret(options(model)))
    return _edit(model, option, file, None, done, path)


def _resolved(model: type[LayeredSettings]) -> tuple[Inputs, Resolution]:
    """What all layers say, and the inputs with the place of the workspace."""
    inputs = inputs_of(model, find_caller())
    resolution = resolve_layers(model, inputs)
    root_field = config_of(model).get("root_field")
    root = resolution.merged.get((root_field,)) if root_field else None
    return replace(inputs, root_dir=root_of(inputs, root)), resolution


def _refuse_place(
    model: type[LayeredSettings], option: Option, file: SettingsFile, now: Resolution
) -> None:
    """Refuse a key that this file must not, or cannot, set.

    Raises:
        SettingsError: It is locked, a secret for ``pyproject.toml``, the workspace's own place
            in the workspace, or the model does not read the layer.
    """

    def refuse(rule: Rule, message: str, hint: str) -> SettingsError:
        return SettingsError.of(
            rule, message, path=option.path, origin=file.origin, hint=hint, subject=REFUSED
        )

    table, name = options(model), option.path[0]
    if name in now.locked:
        lock = next(
            lock
            for lock in now.locks
            if (locked := table.spelled.get(lock.name)) is not None and locked.name == name
        )
        message = f"is locked by {lock.origin}; refused: {file.layer} {file.where}"
        raise refuse(Rule.LOCKED_KEY, message, "only the site's administrator can change it")
    if file.layer is Layer.PYPROJECT and table.is_secret(option.path):
        message = "must not stand in pyproject.toml, which travels with the code"
        raise refuse(Rule.MISPLACED_KEY, message, "choose --user or --workspace")
    if file.layer is Layer.WORKSPACE and name == config_of(model).get("root_field"):
        message = "cannot be set in the workspace, whose place it tells"
        raise refuse(Rule.MISPLACED_KEY, message, "choose --user or --pyproject")
    if file.layer not in layers_of(model):
        message = f"would not count: {model.__name__} does not read the {file.layer} layer"
        raise refuse(Rule.MISPLACED_KEY, message, "choose a layer that it reads")


def _not_there(
    model: type[LayeredSettings], path: KeyPath, file: SettingsFile, now: Resolution
) -> SettingsError:
    places = [f"{leaf.origin.layer} {leaf.origin}" for leaf in now.merged.history(path)]
    return SettingsError.of(
        Rule.NO_SUCH_KEY,
        f"is not set in {file.where}",
        path=path,
        origin=file.origin,
        hint=f"it is set by {', '.join(places)}"
        if places
        else "nothing sets it: its default counts",
        subject=f"{model.__name__}; nothing was written",
    )


def _text(file: SettingsFile) -> str:
    """The file's text; none if it is not there.

    Raises:
        SettingsError: It cannot be read.
    """
    if not file.path.exists():
        return ""
    text, faults, _ = read_bytes(file.path, file.layer, where=file.where)
    if text is None:
        raise SettingsError(faults)
    return text


def _holds_secret(table: OptionTable) -> Callable[[dict[str, Any]], bool]:
    """Tells whether settings as they stand in a file hold a secret of the model."""

    def holds(settings: dict[str, Any]) -> bool:
        for name, value in settings.items():
            option = table.spelled.get(name)
            if option is not None and value not in ("", None) and table.is_secret(option.path):
                return True
        return False

    return holds


def _edit(
    model: type[LayeredSettings],
    option: Option | None,
    file: SettingsFile,
    shown: str | None,
    done: Any,
    path: KeyPath = (),
) -> Edit:
    """What the settings are after an edit."""
    _, now = _resolved(model)
    path = path if option is None else option.path
    counts = now.merged.history(path)
    winner = None
    if counts:
        winner = show_value(counts[0].value, secret=options(model).is_secret(path))
    remaining = tuple(now.errors)
    return Edit(path, file, shown, done.changed, done.created, counts, winner, remaining)


def _is_unicode(text: str) -> bool:
    """Whether the text can be written; arguments keep foreign bytes as halves of pairs."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
