"""What is wrong, as data: `errors` carries diagnostics, and `rendering` writes the text.

Nothing is raised at the first fault. Every reader, layer and rule hands back what it found,
and whoever started the work raises once, with everything.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

from runsettings.values.key_paths import KeyPath, format_path
from runsettings.values.origin import Origin


class Severity(enum.StrEnum):
    """How much a diagnostic matters."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Rule(enum.StrEnum):
    """The stable ids of everything that can be wrong, each with its usual severity and meaning.

    A new rule is one line here. A diagnostic may have another severity where its place demands it:
    an unknown key is an error in a file of ours, and a warning in a file that we share.
    """

    severity: Severity
    meaning: str

    def __new__(cls, rule: str, meaning: str = "", severity: Severity = Severity.ERROR) -> Self:
        """Keep the severity and the meaning beside the id, which is the value."""
        member = str.__new__(cls, rule)
        member._value_ = rule
        member.meaning = meaning
        member.severity = severity
        return member

    UNKNOWN_KEY = "unknown-key", "A key that the model does not have."
    BAD_VALUE = "bad-value", "A value that the model's type or validator refuses."
    MISSING_VALUE = "missing-value", "A required value that no layer sets."
    LOCKED_KEY = (
        "locked-key",
        "A key locked by the site's file, or by a sweep, is set to something else.",
    )
    LOCK_DRIFT = "lock-drift", "A value, origin or file differs from the lock file."
    ENVIRONMENT_CHANGED = (
        "environment-changed",
        "A change gives a declared environment another value.",
        Severity.NOTE,
    )
    MISPLACED_KEY = (
        "misplaced-key",
        "A key that exists, but not in this section, file or layer.",
    )
    DUPLICATE_KEY = (
        "duplicate-key",
        "One mapping or section sets the same key twice.",
    )
    SYNTAX = "syntax", "The text is not what its format allows."
    UNREADABLE_FILE = (
        "unreadable-file",
        "A file that cannot be opened or decoded, or is not a file.",
    )
    FILE_TOO_LARGE = (
        "file-too-large",
        "A file beyond the size that a settings or config file may have.",
    )
    TOO_DEEP = (
        "too-deep",
        "Values nested deeper than any reader can be asked to follow.",
    )
    ALIAS_BUDGET = (
        "alias-budget",
        "YAML aliases that expand to more nodes than the budget allows.",
    )
    UNSAFE_TAG = "unsafe-tag", "A YAML tag that is not one of the safe ones."
    YAML_SCALAR = (
        "yaml-scalar",
        "A YAML scalar that YAML 1.1 tools read differently.",
        Severity.WARNING,
    )
    EXTERNAL_SOURCE = "external-source", "A pydantic-settings source that failed.", Severity.WARNING
    SHADOWED_VALUE = (
        "shadowed-value",
        "A value given at start that a value written in code beats.",
        Severity.WARNING,
    )
    KEY_TYPE = "key-type", "A config key that is not a string."
    KEY_EMPTY = "key-empty", "A config key that is empty."
    KEY_PERIOD = "key-period", "A config key with a period in it."
    KEY_COLLISION = (
        "key-collision",
        "Two config keys that become one when dashes become underscores.",
    )
    VALUE_TOO_LARGE = (
        "value-too-large",
        "A config value of more than 10,000,000 bytes as JSON.",
    )
    NOT_SERIALIZABLE = "not-serializable", "A config value that JSON cannot hold."
    CYCLE = "cycle", "A config value that contains itself."
    SECRET_IN_CONFIG = (
        "secret-in-config",
        "A config value that is a live secret; it is replaced by ***.",
        Severity.WARNING,
    )
    SETTING_IN_CONFIG = (
        "setting-in-config",
        "The name of a setting, found in the run config.",
        Severity.WARNING,
    )
    NOT_FOLLOWED = (
        "not-followed",
        "A reference of another tool's config, such as `${…}`, that stays as it is written.",
        Severity.NOTE,
    )
    NO_SUCH_KEY = (
        "no-such-key",
        "An include or exclude key that the config does not have.",
    )
    INCLUDE_AND_EXCLUDE = (
        "include-and-exclude",
        "Include keys and exclude keys were both given.",
    )
    SCHEMA_VIOLATION = (
        "schema-violation",
        "The config does not satisfy its JSON Schema.",
    )
    BAD_SCHEMA = (
        "bad-schema",
        "The JSON Schema itself cannot be read or is not valid.",
    )
    VALUE_CHANGED = (
        "value-changed",
        "A config value was changed without `allow_val_change`.",
    )
    BAD_INPUT = "bad-input", "An object that no reader of configs knows."
    IMMUTABLE = "immutable", "Settings were to be changed in place."
    RUN_EXISTS = (
        "run-exists",
        "A run with this id exists, and the call says that it must not.",
    )
    RUN_MISSING = (
        "run-missing",
        "No run with this id exists, and the call says that it must.",
    )
    RUN_OWNED = "run-owned", "Another live process is writing this run."
    RUN_INACTIVE = (
        "run-inactive",
        "There is no run to act on: none was started, or it is finished.",
    )
    UNSAFE_PATH = (
        "unsafe-path",
        "A name or path that would leave the run's directory.",
    )
    UNWRITABLE_FILE = (
        "unwritable-file",
        "A file or directory of a run that cannot be written.",
    )
    BAD_JOURNAL = (
        "bad-journal",
        "A file that is not a run's journal, or one of a later version.",
    )
    NOT_LOGGED_IN = (
        "not-logged-in",
        "Online mode without a store or a login, where one is demanded.",
    )
    NOT_AVAILABLE = (
        "not-available",
        "An argument whose feature this version does not have.",
    )


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
    """Further places that belong to it, such as the first of two equal keys."""

    @classmethod
    def of(
        cls,
        rule: Rule,
        path: KeyPath,
        message: str,
        origin: Origin | None = None,
        hint: str | None = None,
        excerpt: Excerpt | None = None,
        *,
        severity: Severity | None = None,
    ) -> Self:
        """A diagnostic with the severity of its rule, unless another one is given."""
        return cls(rule, severity or rule.severity, path, message, origin, hint, excerpt)

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
