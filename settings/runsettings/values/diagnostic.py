"""What is wrong, as data: `errors` carries diagnostics, and `rendering` writes the text.

Nothing is raised at the first fault. Every reader, layer and rule hands back what it found,
and whoever started the work raises once, with everything.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from runsettings.values.origin import Origin
from runsettings.values.tree import KeyPath, format_path


class Severity(enum.StrEnum):
    """How much a diagnostic matters."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Rule(enum.StrEnum):
    """The stable ids of everything that can be wrong. `RULES` tells what each means."""

    UNKNOWN_KEY = "unknown-key"
    BAD_VALUE = "bad-value"
    MISSING_VALUE = "missing-value"
    LOCKED_KEY = "locked-key"
    LOCK_DRIFT = "lock-drift"
    ENVIRONMENT_CHANGED = "environment-changed"
    MISPLACED_KEY = "misplaced-key"
    DUPLICATE_KEY = "duplicate-key"
    SYNTAX = "syntax"
    UNREADABLE_FILE = "unreadable-file"
    FILE_TOO_LARGE = "file-too-large"
    TOO_DEEP = "too-deep"
    ALIAS_BUDGET = "alias-budget"
    UNSAFE_TAG = "unsafe-tag"
    YAML_SCALAR = "yaml-scalar"
    EXTERNAL_SOURCE = "external-source"
    SHADOWED_VALUE = "shadowed-value"
    KEY_TYPE = "key-type"
    KEY_EMPTY = "key-empty"
    KEY_PERIOD = "key-period"
    KEY_COLLISION = "key-collision"
    VALUE_TOO_LARGE = "value-too-large"
    NOT_SERIALIZABLE = "not-serializable"
    CYCLE = "cycle"
    SECRET_IN_CONFIG = "secret-in-config"  # noqa: S105 - the id of a rule
    SETTING_IN_CONFIG = "setting-in-config"
    NO_SUCH_KEY = "no-such-key"
    INCLUDE_AND_EXCLUDE = "include-and-exclude"
    SCHEMA_VIOLATION = "schema-violation"
    BAD_SCHEMA = "bad-schema"
    VALUE_CHANGED = "value-changed"
    BAD_INPUT = "bad-input"
    IMMUTABLE = "immutable"
    RUN_EXISTS = "run-exists"
    RUN_MISSING = "run-missing"
    RUN_OWNED = "run-owned"
    RUN_INACTIVE = "run-inactive"
    UNSAFE_PATH = "unsafe-path"
    UNWRITABLE_FILE = "unwritable-file"
    BAD_JOURNAL = "bad-journal"
    NOT_LOGGED_IN = "not-logged-in"
    NOT_AVAILABLE = "not-available"


RULES: dict[Rule, str] = {
    Rule.UNKNOWN_KEY: "A key that the model does not have.",
    Rule.BAD_VALUE: "A value that the model's type or validator refuses.",
    Rule.MISSING_VALUE: "A required value that no layer sets.",
    Rule.LOCKED_KEY: "A key locked by the site's file, or by a sweep, is set to something else.",
    Rule.LOCK_DRIFT: "A value, origin or file differs from the lock file.",
    Rule.ENVIRONMENT_CHANGED: "A change gives a declared environment another value.",
    Rule.MISPLACED_KEY: "A key that exists, but not in this section, file or layer.",
    Rule.DUPLICATE_KEY: "One mapping or section sets the same key twice.",
    Rule.SYNTAX: "The text is not what its format allows.",
    Rule.UNREADABLE_FILE: "A file that cannot be opened or decoded, or is not a file.",
    Rule.FILE_TOO_LARGE: "A file beyond the size that a settings or config file may have.",
    Rule.TOO_DEEP: "Values nested deeper than any reader can be asked to follow.",
    Rule.ALIAS_BUDGET: "YAML aliases that expand to more nodes than the budget allows.",
    Rule.UNSAFE_TAG: "A YAML tag that is not one of the safe ones.",
    Rule.YAML_SCALAR: "A YAML scalar that YAML 1.1 tools read differently.",
    Rule.EXTERNAL_SOURCE: "A pydantic-settings source that failed.",
    Rule.SHADOWED_VALUE: "A value given at start that a value written in code beats.",
    Rule.KEY_TYPE: "A config key that is not a string.",
    Rule.KEY_EMPTY: "A config key that is empty.",
    Rule.KEY_PERIOD: "A config key with a period in it.",
    Rule.KEY_COLLISION: "Two config keys that become one when dashes become underscores.",
    Rule.VALUE_TOO_LARGE: "A config value of more than 10,000,000 bytes as JSON.",
    Rule.NOT_SERIALIZABLE: "A config value that JSON cannot hold.",
    Rule.CYCLE: "A config value that contains itself.",
    Rule.SECRET_IN_CONFIG: "A config value that is a live secret; it is replaced by ***.",
    Rule.SETTING_IN_CONFIG: "The name of a setting, found in the run config.",
    Rule.NO_SUCH_KEY: "An include or exclude key that the config does not have.",
    Rule.INCLUDE_AND_EXCLUDE: "Include keys and exclude keys were both given.",
    Rule.SCHEMA_VIOLATION: "The config does not satisfy its JSON Schema.",
    Rule.BAD_SCHEMA: "The JSON Schema itself cannot be read or is not valid.",
    Rule.VALUE_CHANGED: "A config value was changed without `allow_val_change`.",
    Rule.BAD_INPUT: "An object that no reader of configs knows.",
    Rule.IMMUTABLE: "Settings were to be changed in place.",
    Rule.RUN_EXISTS: "A run with this id exists, and the call says that it must not.",
    Rule.RUN_MISSING: "No run with this id exists, and the call says that it must.",
    Rule.RUN_OWNED: "Another live process is writing this run.",
    Rule.RUN_INACTIVE: "There is no run to act on: none was started, or it is finished.",
    Rule.UNSAFE_PATH: "A name or path that would leave the run's directory.",
    Rule.UNWRITABLE_FILE: "A file or directory of a run that cannot be written.",
    Rule.BAD_JOURNAL: "A file that is not a run's journal, or one of a later version.",
    Rule.NOT_LOGGED_IN: "Online mode without a store or a login, where one is demanded.",
    Rule.NOT_AVAILABLE: "An argument whose feature this version does not have.",
}
"""Every rule with one sentence; the documentation's table is generated from this."""


class Excerpt(NamedTuple):
    """The line of text that a diagnostic points at."""

    text: str
    """The line, without its line break."""
    line: int
    """1-based line number."""
    column: int
    """1-based column at which the marked part begins."""
    width: int = 1
    """How many characters are marked."""


class Beaten(NamedTuple):
    """A value that the faulty one won over."""

    origin: Origin
    shown: str
    """The value as text, already masked where it is secret."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong, or worth knowing."""

    rule: Rule
    severity: Severity
    path: KeyPath
    message: str
    """What is wrong, without place or advice: ``must be one of 'online', 'offline'; got 'x'``."""
    origin: Origin | None = None
    hint: str | None = None
    """What to do next: ``did you mean 'offline'?``."""
    excerpt: Excerpt | None = None
    over: tuple[Beaten, ...] = ()
    related: tuple[tuple[Origin, Excerpt | None], ...] = field(default=())
    """Further places that belong to the fault, such as the first of two equal keys."""

    @property
    def key(self) -> str:
        """The path as text: ``optim.lr``."""
        return format_path(self.path)

    @property
    def line(self) -> int | None:
        """1-based line, if the fault stands in a file."""
        if self.origin is not None and self.origin.line is not None:
            return self.origin.line
        return self.excerpt.line if self.excerpt is not None else None

    @property
    def column(self) -> int | None:
        """1-based column, if it is known."""
        if self.origin is not None and self.origin.column is not None:
            return self.origin.column
        return self.excerpt.column if self.excerpt is not None else None

    @property
    def is_error(self) -> bool:
        """Whether this alone is reason to stop."""
        return self.severity is Severity.ERROR

    def as_error(self) -> Diagnostic:
        """The same fault as an error, which is what ``strict`` makes of a warning."""
        return self if self.is_error else replace(self, severity=Severity.ERROR)
