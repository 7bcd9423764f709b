"""Writes one setting to a settings file, or removes one, after checking the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from runsettings.documents.files import read_bytes
from runsettings.layers.base import Inputs
from runsettings.layers.call_site import find_caller
from runsettings.layers.settings_files.locations import root_of
from runsettings.layers.settings_files.writing import SettingsFile, settings_file
from runsettings.models.layered import LayeredSettings
from runsettings.models.model_options import config_of, inputs_of, layers_of, options
from runsettings.models.resolving import resolve_layers
from runsettings.models.value_checking import REFUSED, checked_value
from runsettings.resolution.normalizing.key_hints import no_such_key
from runsettings.resolution.options import Option, OptionTable
from runsettings.resolution.resolution import Resolution
from runsettings.resolution.validation_errors import show_value
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.errors import SettingsError
from runsettings.values.key_paths import KeyPath
from runsettings.values.origin import Layer, Origin
from runsettings.values.tree import Leaf

_UNWRITTEN: Final = "; nothing was written"
"""The end of the subject of an error about an edit."""


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit of a settings file, and its effect on the settings.

    Attributes:
        path: The key.
        file: The file.
        shown: The value that was set, as text for a person; ``None`` if one was removed.
        changed: Whether the file changed.
        created: Whether the file is new.
        counts: The history of the key after the edit, winner first.
        shown_winner: The winning value, as text; ``None`` if it is the default.
        remaining: Errors of the settings after the edit.
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
        """The origin of a value that beats the one that was set; ``None`` if that one wins."""
        if self.shown is None or not self.counts:
            return None
        winner = self.counts[0].origin
        return None if (winner.layer, winner.where) == self.file.origin[:2] else winner


@contextmanager
def nothing_written() -> Iterator[None]:
    """Add "nothing was written" to the subject of every error that is raised inside.

    Raises:
        SettingsError: The error that was raised inside, with that subject.
    """
    try:
        yield
    except SettingsError as error:
        if error.subject.endswith(_UNWRITTEN):
            raise
        raise SettingsError(error.diagnostics, error.subject + _UNWRITTEN) from error


def find_option(model: type[LayeredSettings], key: str) -> Option:
    """Find the option for a key as a person writes it.

    Args:
        model: The settings class.
        key: The key: ``project``, ``optim.lr``, ``run-name``.

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
            meant = options(model).set_by(key)
            hint = None if meant is None else f"this variable sets {meant!r}"
            raise SettingsError([no_such_key(model, parts[: index + 1], known, hint)])
        table = option.table
    assert option is not None
    return option


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
    """Remove the setting ``key`` from the file of ``layer``.

    Args:
        model: The settings class.
        key: The key, which may be unknown to the model.
        layer: USER, PYPROJECT or WORKSPACE.

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
    """The inputs, with the directory of the workspace, and the resolution of all layers."""
    inputs = inputs_of(model, find_caller())
    resolution = resolve_layers(model, inputs)
    root_field = config_of(model).get("root_field")
    root = resolution.merged.get((root_field,)) if root_field else None
    return inputs.replace(root_dir=root_of(inputs, root)), resolution


def _refuse_place(
    model: type[LayeredSettings], option: Option, file: SettingsFile, now: Resolution
) -> None:
    """Refuse a key that this file must not or cannot set.

    Raises:
        SettingsError: The key is locked; it is a secret and the file is ``pyproject.toml``; it is
            the root field and the file is the workspace's; or the model does not read the layer.
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
        message = "is a secret, and pyproject.toml is shared with the code"
        raise refuse(Rule.MISPLACED_KEY, message, "choose --user or --workspace")
    if file.layer is Layer.WORKSPACE and name == config_of(model).get("root_field"):
        message = "cannot be set in the workspace, because it sets the workspace's location"
        raise refuse(Rule.MISPLACED_KEY, message, "choose --user or --pyproject")
    if file.layer not in layers_of(model):
        message = f"would have no effect: {model.__name__} does not read the {file.layer} layer"
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
        else "nothing sets it: its default applies",
        subject=f"{model.__name__}; nothing was written",
    )


def _text(file: SettingsFile) -> str:
    """The file's text; empty if there is no file.

    Raises:
        SettingsError: It cannot be read.
    """
    if not file.path.exists():
        return ""
    text, diagnostics, _ = read_bytes(file.path, file.layer, where=file.where)
    if text is None:
        raise SettingsError(diagnostics)
    return text


def _holds_secret(table: OptionTable) -> Callable[[dict[str, Any]], bool]:
    """A function that tells whether the settings of a file hold a secret of the model."""

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
    """Describe an edit and the settings after it."""
    _, now = _resolved(model)
    path = path if option is None else option.path
    counts = now.merged.history(path)
    winner = None
    if counts:
        winner = show_value(counts[0].value, secret=options(model).is_secret(path))
    remaining = tuple(now.errors)
    return Edit(path, file, shown, done.changed, done.created, counts, winner, remaining)


def _is_unicode(text: str) -> bool:
    """Whether a text can be written; Python keeps undecodable bytes of arguments as surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
