"""Writing one setting to a file, after finding out what it would do there.

Nothing invalid is written: the value is tried on top of everything first, as if it counted, and
then in its own layer. What is wrong elsewhere already does not stand in the way of an edit, or
nobody could repair a broken file with one.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import TypeAdapter, ValidationError
from pydantic_settings import PydanticBaseSettingsSource

from runsettings.documents.read import read_bytes
from runsettings.layers.base import Inputs, LayerSource
from runsettings.layers.caller import find_caller
from runsettings.layers.settings_editing import SettingsFile, settings_file
from runsettings.models.exporting import plain
from runsettings.models.layered import LayeredConfigDict, LayeredSettings
from runsettings.resolution.faults import show_value
from runsettings.resolution.options import Option, OptionTable
from runsettings.resolution.resolve import SETTINGS_LAYERS, Gathered
from runsettings.resolution.suggest import did_you_mean
from runsettings.values.diagnostic import Diagnostic, Rule, SettingsError, SettingsWarning
from runsettings.values.origin import Layer, Origin
from runsettings.values.reading import Reading
from runsettings.values.tree import MISSING, KeyPath, Leaf, Tree

_REFUSED: Final = "the new value; nothing was written"
"""The subject of an error about a value that was to be set."""

_TYPED: Final = (bool, int, float, list, dict)
"""Values that TOML has and INI has not; all others are written as the text that was given."""


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


def find_option(model: type[LayeredSettings], key: str) -> Option:
    """The option that a person calls ``key``: ``project``, ``optim.lr``, ``run-name``.

    Raises:
        SettingsError: The model has no such key.
    """
    table: OptionTable | None = model.options()
    option: Option | None = None
    parts = tuple(key.split("."))
    for index, part in enumerate(parts):
        known = {} if table is None else table.spelled
        option = known.get(part) or known.get(part.replace("-", "_"))
        if option is None:
            raise SettingsError.of(
                Rule.UNKNOWN_KEY,
                f"is not a key of {model.__name__}",
                path=parts[: index + 1],
                hint=did_you_mean(part, known),
            )
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
    option = find_option(model, key)
    inputs, gathered = _surroundings(model)
    file = settings_file(layer, inputs)
    if not _is_unicode(text):
        message = "is not text: it holds bytes that are not UTF-8"
        raise SettingsError.of(Rule.BAD_VALUE, message, path=option.path, origin=file.origin)
    _refuse_place(model, option, file, gathered)
    value = _checked(model, option, text, file)
    done = file.set(option.path, value, _holds_secret(model.options()))
    secret = model.options().is_secret(option.path)
    return _edit(model, option, file, show_value(value, secret=secret), done)


def remove_setting(model: type[LayeredSettings], key: str, layer: Layer) -> Edit:
    """Take the setting ``key`` out of the file of ``layer``, an unknown key too.

    Raises:
        SettingsError: The file does not set it, or cannot be read or written.
    """
    inputs, gathered = _surroundings(model)
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
        raise _not_there(model, path, file, gathered)
    done = None
    for place in there:
        done = file.remove(place, _holds_secret(model.options()))
    return _edit(model, option, file, None, done, path)


def _surroundings(model: type[LayeredSettings]) -> tuple[Inputs, Gathered]:
    """What all layers say now, and the inputs with the place of the workspace."""
    inputs = model._inputs(find_caller(), {})
    resolver = model._resolver()
    gathered = resolver.gather(inputs, _layers(model))
    root_field = _config(model).get("root_field")
    root = gathered.merged.get((root_field,)) if root_field else MISSING
    if isinstance(root, (str, Path)) and str(root) and "\0" not in str(root):
        inputs = replace(inputs, root_dir=inputs.cwd / root)
    return inputs, gathered


def _refuse_place(
    model: type[LayeredSettings], option: Option, file: SettingsFile, gathered: Gathered
) -> None:
    """Refuse a key that this file must not, or cannot, set.

    Raises:
        SettingsError: It is locked, a secret for ``pyproject.toml``, the workspace's own place
            in the workspace, or the model does not read the layer.
    """

    def refuse(rule: Rule, message: str, hint: str) -> SettingsError:
        return SettingsError.of(
            rule, message, path=option.path, origin=file.origin, hint=hint, subject=_REFUSED
        )

    table, name = model.options(), option.path[0]
    if name in gathered.locked:
        lock = next(
            lock
            for lock in gathered.locks
            if (locked := table.spelled.get(lock.name)) is not None and locked.name == name
        )
        message = f"is locked by {lock.origin}; refused: {file.layer} {file.where}"
        raise refuse(Rule.LOCKED_KEY, message, "only the site's administrator can change it")
    if file.layer is Layer.PYPROJECT and table.is_secret(option.path):
        message = "must not stand in pyproject.toml, which travels with the code"
        raise refuse(Rule.MISPLACED_KEY, message, "choose --user or --workspace")
    if file.layer is Layer.WORKSPACE and name == _config(model).get("root_field"):
        message = "cannot be set in the workspace, whose place it tells"
        raise refuse(Rule.MISPLACED_KEY, message, "choose --user or --pyproject")
    if file.layer not in _layers(model):
        message = f"would not count: {model.__name__} does not read the {file.layer} layer"
        raise refuse(Rule.MISPLACED_KEY, message, "choose a layer that it reads")


def _checked(model: type[LayeredSettings], option: Option, text: str, file: SettingsFile) -> Any:
    """The value to write for ``text``, once nothing speaks against it.

    Raises:
        SettingsError: Something does.
    """

    def tree(value: Any) -> Tree:
        data = value
        for key in reversed(option.path):
            data = {key: data}
        # Without columns it is read as an INI file is: texts of complex fields are decoded.
        typed = not isinstance(value, str)
        return Tree(file.layer, file.where, data, columns=typed, directives=False)

    layers = list(_layers(model))
    given = _decoded(option, text)
    on_top = [*layers, _Candidate(file.layer, tree(given))]
    found = _about(option.path, file, _errors(model, on_top))
    if found:
        raise SettingsError(found, _REFUSED)
    value: Any = text
    if file.typed:
        typed = _typed(model, option, tree(given))
        if isinstance(typed, _TYPED):
            on_top = [*layers, _Candidate(file.layer, tree(typed))]
            if not _about(option.path, file, _errors(model, on_top)):
                value = typed
    # In its own place it may meet what only fails in combination.
    place = layers.index(file.layer) + 1
    in_place = [*layers[:place], _Candidate(file.layer, tree(value)), *layers[place:]]
    before = {_identity(diagnostic) for diagnostic in _errors(model, layers)}
    found = [d for d in _errors(model, in_place) if _identity(d) not in before]
    if found:
        raise SettingsError(found, _REFUSED)
    return value


def _decoded(option: Option, text: str) -> Any:
    """The text, or the JSON in it for what is inside of a key, as nested variables have it."""
    if len(option.path) == 1 or not option.decodes:
        return text  # read as the texts of an INI file are
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


@dataclass(slots=True)
class _Candidate:
    """A layer with the one value that is to be set."""

    layer: Layer
    tree: Tree

    def read(self, inputs: Inputs) -> Sequence[Reading]:  # noqa: ARG002 - the protocol
        return (Reading(self.tree),)


def _typed(model: type[LayeredSettings], option: Option, tree: Tree) -> Any:
    """The value as data for a format with types, or `MISSING` where it must stay a text."""
    resolver = model._resolver()
    inputs = model._inputs(find_caller(), {})
    raw = resolver.gather(inputs, [_Candidate(tree.layer, tree)]).merged.get(option.path)
    # Without the alias and default that are the field's: they mean nothing to a type alone.
    annotated: Any = option.info.annotation
    for extra in option.info.metadata:
        annotated = Annotated[annotated, extra]
    try:
        return plain(TypeAdapter(annotated).validate_python(raw))
    except ValidationError:
        return MISSING


def _errors(
    model: type[LayeredSettings],
    layers: Sequence[Layer | LayerSource | PydanticBaseSettingsSource],
) -> list[Diagnostic]:
    """What is wrong with the settings of ``layers``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SettingsWarning)
            model.resolve(layers=layers)
    except SettingsError as error:
        return [diagnostic for diagnostic in error.diagnostics if diagnostic.is_error]
    return []


def _about(path: KeyPath, file: SettingsFile, found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The faults of the value at ``path`` that ``file`` is to set."""
    return [
        # Whom it would beat is no matter: nothing is written.
        replace(diagnostic, over=())
        for diagnostic in found
        if diagnostic.path
        and (
            diagnostic.path[: len(path)] == path or path[: len(diagnostic.path)] == diagnostic.path
        )
        and (diagnostic.origin is None or diagnostic.origin == file.origin)
    ]


def _identity(diagnostic: Diagnostic) -> tuple[Any, ...]:
    return diagnostic.rule, diagnostic.path, diagnostic.message, diagnostic.origin


def _not_there(
    model: type[LayeredSettings], path: KeyPath, file: SettingsFile, gathered: Gathered
) -> SettingsError:
    places = [f"{leaf.origin.layer} {leaf.origin}" for leaf in gathered.merged.history(path)]
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
    text, faults = read_bytes(file.path, file.layer, where=file.where)
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
    _, gathered = _surroundings(model)
    path = path if option is None else option.path
    counts = gathered.merged.history(path)
    winner = None
    if counts:
        winner = show_value(counts[0].value, secret=model.options().is_secret(path))
    remaining = tuple(_errors(model, _layers(model)))
    return Edit(path, file, shown, done.changed, done.created, counts, winner, remaining)


def _is_unicode(text: str) -> bool:
    """Whether the text can be written; arguments keep foreign bytes as halves of pairs."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _config(model: type[LayeredSettings]) -> LayeredConfigDict:
    return model.model_config  # type: ignore[return-value]


def _layers(
    model: type[LayeredSettings],
) -> Sequence[Layer | LayerSource | PydanticBaseSettingsSource]:
    return _config(model).get("layers", SETTINGS_LAYERS)
