"""Reads environment variables by the rules of pydantic-settings.

The variables of each field are computed once for each class. The value of a plain field is the
text of its variable. Every other field (nested models, JSON values, several aliases) is read by
pydantic-settings' own source.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from pydantic import AliasChoices, AliasPath
from pydantic_settings import BaseSettings
from pydantic_settings.exceptions import SettingsError as SourceError

from runsettings._deferred import deferred
from runsettings.layers.base import Inputs
from runsettings.layers.environment.pydantic_source import VariableSource, not_decodable
from runsettings.layers.renamed import old_names_of
from runsettings.layers.scalar_types import is_plain
from runsettings.values.key_paths import MISSING
from runsettings.values.origin import Kind, Layer
from runsettings.values.positions import Branch, Mark
from runsettings.values.reading import Reading
from runsettings.values.tree import Leaf, Tree

if TYPE_CHECKING:
    from runsettings.layers import copying
    from runsettings.layers.environment import nested_names, renamed_variables
    from runsettings.values.diagnostic import Diagnostic

    # What is read: the variables, the tree that they fill, and the marks of the variables.
    _Given = tuple[Mapping[str, str | None], Tree, Mapping[str, Any]]
else:
    copying = deferred("runsettings.layers.copying")
    nested_names = deferred("runsettings.layers.environment.nested_names")
    renamed_variables = deferred("runsettings.layers.environment.renamed_variables")

_OPTIONS_THAT_TRANSFORM: Final = ("env_parse_none_str", "env_parse_enums", "strict")
"""Options of a model under which pydantic-settings must read plain fields as well."""

_BYTES: Final = os.supports_bytes_environ

_MOST_NAMES: Final = 4096
"""The greatest number of variables whose meaning is cached."""


_enclosing: ContextVar[tuple[EnvironmentVariables, ...]] = ContextVar("_enclosing", default=())
"""How the settings that are being validated read variables, outermost first."""


class EnvironmentVariables:
    """Maps the variables of an environment to the fields of one model.

    It is entered while the model is validated: its variables are no typos of inner settings.

    Args:
        model: The settings class, with its ``env_prefix``, ``env_nested_delimiter`` and aliases.
        overrides: Arguments for pydantic-settings' `EnvSettingsSource` that replace the model's
            own, such as ``env_prefix``.
    """

    def __init__(self, model: type[BaseSettings], **overrides: Any) -> None:
        self._model = model
        self.source = VariableSource(model, **overrides)
        config = {**model.model_config, **overrides}
        transforms = any(config.get(option) for option in _OPTIONS_THAT_TRANSFORM)
        self._case_sensitive = bool(self.source.case_sensitive)
        self._capitals_only = bool(config.get("capital_variables"))
        self._ignore_empty = bool(self.source.env_ignore_empty)
        self._prefix = self._spell(self.source.env_prefix)
        self._delimiter = self._spell(self.source.env_nested_delimiter or "")
        self._names: dict[str, list[str]] = {}
        self._fields: dict[str, list[str]] = {}
        self._plain: dict[str, str] = {}
        self._nested: dict[str, str] = {}
        for name, field in model.model_fields.items():
            variables = self.source.variables_of(name)
            self._names[name] = variables
            # An AliasPath names a part of the variable's value.
            whole = not isinstance(field.validation_alias, (AliasChoices, AliasPath))
            plain = len(variables) == 1 and whole and not transforms and is_plain(field)
            for variable in variables:
                self._fields.setdefault(variable, []).append(name)
            if plain and len(self._fields[variables[0]]) == 1:
                self._plain[variables[0]] = name
            if self._delimiter:
                self._nested |= {variable + self._delimiter: name for variable in variables}
        for variable, names in self._fields.items():
            # Set by two fields, or reaching into a third one: all are asked for the slow way.
            if len(names) > 1 or self._owners(variable):
                self._plain.pop(variable, None)
        self._old_names = None
        if any(map(old_names_of, model.model_fields.values())):
            self._old_names = renamed_variables.RenamedVariables(
                model, self._names, self._prefix, self._delimiter, self._spell
            )
        # A cache of `_meaning` by the variables' names.
        self._meanings: dict[bytes, tuple[str, str, str | None] | None] = {}

    def names_of(self, name: str) -> list[str]:
        """The variables that set the field ``name``, as a person would write them."""
        return [
            variable if self._case_sensitive else variable.upper()
            for variable in self._names.get(name, [])
        ]

    def known(self) -> list[str]:
        """Every variable that sets a field, as a person would write it."""
        found = list(self._fields)
        if self._delimiter:
            for name, variables in self._names.items():
                inner = nested_names.keys_inside(self._model.model_fields[name].annotation)
                found += [self._delimiter.join([v, *k]) for v in variables for k in inner]
        return [name if self._case_sensitive else name.upper() for name in found]

    def __enter__(self) -> None:
        _enclosing.set((*_enclosing.get(), self))

    def __exit__(self, *_: object) -> None:
        _enclosing.set(_enclosing.get()[:-1])

    def sets(self, native: str) -> bool:
        """Whether a variable sets a field, or a key inside of one."""
        spelled = self._compared(native)
        known = spelled in self._fields or self._owners(spelled)
        return bool(known or (self._old_names is not None and self._old_names.find(native)))

    def read(self, environ: Mapping[str, str | None], tree: Tree) -> list[Reading]:
        """Fill ``tree`` with the values of ``environ``; its marks are the variables' names.

        Where two variables set one field, the losing value is in another tree below ``tree``.

        Args:
            environ: Names and values; a name without a value (`.env` allows it) sets nothing.
            tree: An empty tree, or one whose ``marks`` already hold each variable's own mark.
        """
        data = tree.data
        places: Mapping[str, Any] = tree.marks or {}
        diagnostics: list[Diagnostic] = []
        if self._old_names is not None:
            environ, places, diagnostics = self._old_names.replaced(environ, tree)
        marks: dict[str, Mark | Branch] = {}
        unknown: list[Leaf] = []
        asked: dict[str, dict[str, str]] = {}
        for native, spelled, name, text in self._relevant(environ):
            if text is None or (not text and self._ignore_empty):
                continue
            mark: Mark = places.get(native, native)
            if name is not None:
                data[name] = text
                marks[name] = mark
                continue
            names = [*self._fields.get(spelled, ()), *self._owners(spelled)]
            if not names:
                if self._prefix:
                    origin = tree.with_data({}, {native: mark}).origin((native,))
                    unknown.append(Leaf((native,), MISSING, origin))
                continue
            for owner in names:
                asked.setdefault(owner, {})[spelled] = native
        tree.marks = marks
        beaten: list[Tree] = []
        given = environ, tree, places
        for owner, variables in asked.items():
            self._ask(owner, variables, given, diagnostics)
            self._keep_beaten(owner, variables, given, beaten)
        if asked:
            diagnostics += copying.copy_containers(tree)
        lower = [Reading(each, copying.copy_containers(each)) for each in reversed(beaten)]
        return [*lower, Reading(tree, tuple(diagnostics), tuple(unknown))]

    def further(
        self, values: Mapping[str, str | None], filtering: str | None, *, keep_prefix: bool
    ) -> dict[str, str]:
        """The variables of a ``.env`` file that set no field, and the keys that they are.

        Args:
            values: The variables of the file.
            filtering: The model's ``dotenv_filtering``.
            keep_prefix: Whether the prefix stays in the key.
        """
        found: dict[str, str] = {}
        only_prefixed = filtering == "match_prefix"
        for native, text in values.items():
            spelled = self._spell(native)
            prefixed = spelled.startswith(self._prefix)
            key = (
                spelled.removeprefix(self._prefix) if only_prefixed or not keep_prefix else spelled
            )
            wanted = bool(text) and not (self._prefix and spelled in self._names)
            if (prefixed if only_prefixed else wanted) and not self.sets(native):
                found[native] = key
        return found

    def _spell(self, name: str) -> str:
        return name if self._case_sensitive else name.lower()

    def _compared(self, native: str) -> str:
        """A variable's name as it is compared; empty if it must be in capitals, and is not."""
        spelled = self._spell(native)
        small = self._capitals_only and not native.isupper() and spelled.startswith(self._prefix)
        return "" if small else spelled

    def _relevant(
        self, environ: Mapping[str, str | None]
    ) -> Iterator[tuple[str, str, str | None, str | None]]:
        """The variables that may count: name, name as compared, plain field, text."""
        # A test may put a mapping of its own in the place of `os.environ`.
        if environ is os.environ and isinstance(environ, os._Environ) and _BYTES:
            # On POSIX the environment is bytes; only variables that count are worth decoding.
            meanings, texts = self._meanings, os.environb
            for raw in texts:
                try:
                    meaning = meanings[raw]
                except KeyError:
                    meaning = self._learn(raw)
                if meaning is not None:
                    yield *meaning, os.fsdecode(texts[raw])
            return
        for native, text in environ.items():
            meaning = self._meaning(native)
            if meaning is not None:
                yield *meaning, text

    def _learn(self, raw: bytes) -> tuple[str, str, str | None] | None:
        if len(self._meanings) > _MOST_NAMES:
            self._meanings.clear()
        return self._meanings.setdefault(raw, self._meaning(os.fsdecode(raw)))

    def _meaning(self, native: str) -> tuple[str, str, str | None] | None:
        """A variable's name, its name as compared, and its plain field; ``None`` if irrelevant."""
        spelled = self._compared(native)
        if (
            not spelled
            or spelled in self._fields
            or (self._prefix and spelled.startswith(self._prefix))
            or self._owners(spelled)
        ):
            return native, spelled, self._plain.get(spelled)
        return None

    def _owners(self, spelled: str) -> list[str]:
        """The fields that a variable such as ``OPTIM__LR`` reaches into.

        With ``_`` as the delimiter, ``DB_POOL_SIZE`` may be meant for ``db`` and ``db_pool``: the
        fields that have such a key count, or all of them if none has.
        """
        if not self._delimiter or self._delimiter not in spelled:
            return []
        owners = [prefix for prefix in self._nested if spelled.startswith(prefix)]
        if len(owners) > 1:
            types = {p: self._model.model_fields[self._nested[p]].annotation for p in owners}
            owners = nested_names.having_key(types, spelled, self._delimiter, self._spell) or owners
        return [self._nested[prefix] for prefix in owners]

    def _ask(
        self, name: str, variables: dict[str, str], given: _Given, diagnostics: list[Diagnostic]
    ) -> None:
        """Let pydantic-settings read one field, and set the marks of its parts."""
        environ, tree, places = given
        assert isinstance(tree.marks, dict)
        texts: dict[str, str | None] = {
            spelled: environ[native] for spelled, native in variables.items()
        }
        whole = next((v for v in self._names[name] if v in variables), None)
        nearest = variables[whole] if whole is not None else next(iter(variables.values()))
        mark: Mark = places.get(nearest, nearest)
        none_text = self.source.env_parse_none_str
        if none_text is not None:
            # pydantic-settings wraps such texts in this class; few models need it.
            from pydantic_settings.sources.types import EnvNoneType

            texts = {k: EnvNoneType(t) if t == none_text else t for k, t in texts.items()}
        try:
            value = self.source.value_of(name, texts)
        except (SourceError, RecursionError) as error:
            cause = error if isinstance(error, RecursionError) else error.__cause__
            origin = tree.with_data({}, {name: mark}).origin((name,))
            diagnostics.append(not_decodable((name,), origin, cause))
            return
        if value is MISSING:
            return
        tree.data[name] = value
        if type(value) is not dict:
            tree.marks[name] = mark
            return
        branch = tree.marks[name] = Branch(mark)
        annotation = self._model.model_fields[name].annotation
        for spelled, native in variables.items():
            for variable in self._names[name]:
                prefix = variable + self._delimiter
                if self._delimiter and spelled.startswith(prefix):
                    # pydantic-settings splits at most `env_nested_max_split` times.
                    keys = nested_names.split_name(
                        native[len(prefix) :], self._delimiter, self.source.maxsplit
                    )
                    if not self._case_sensitive:
                        keys = nested_names.in_written_case(value, keys, [annotation])
                    nested_names.mark_nested(branch, value, keys, places.get(native, native))

    def _keep_beaten(
        self, name: str, variables: dict[str, str], given: _Given, beaten: list[Tree]
    ) -> None:
        """Add the values of a field's losing variables to ``beaten``, one tree for each rank."""
        environ, tree, places = given
        present = [variable for variable in self._names[name] if variable in variables]
        if len(present) < 2 or isinstance(tree.data.get(name, MISSING), (dict, type(MISSING))):
            return  # mappings would be merged, but pydantic-settings takes only the first
        for depth, variable in enumerate(present[1:]):
            native = variables[variable]
            try:
                value = self.source.value_of(name, {variable: environ[native]})
            except (SourceError, RecursionError):
                value = environ[native]  # a losing value need not be valid
            if value is MISSING:
                continue
            if depth == len(beaten):
                beaten.append(tree.with_data({}, {}))
            beaten[depth].data[name] = value
            beaten[depth].marks[name] = places.get(native, native)  # type: ignore[index]


def set_by_nobody(unknown: Sequence[Leaf]) -> list[Leaf]:
    """The variables that set nothing in the settings of which others are a part."""
    outer = _enclosing.get()
    return [leaf for leaf in unknown if not any(each.sets(str(leaf.path[-1])) for each in outer)]


class EnvironmentLayer:
    """The ENV layer."""

    layer = Layer.ENV

    def __init__(self, variables: EnvironmentVariables) -> None:
        self._variables = variables

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """Read the environment."""
        tree = Tree(Layer.ENV, "environment", kind=Kind.VARIABLES, directives=False)
        return self._variables.read(inputs.environ, tree)
