"""Diagnostics: what is wrong, as data. `errors` carries them, and `rendering` makes the text.

Nothing is raised at the first problem. Every reader, layer and rule returns its diagnostics, and
the caller that started the work raises one error with all of them.
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
    """The ids of all rules, which stay the same, each with its usual severity and its meaning.

    A new rule is one line here. A diagnostic may have another severity than its rule: an unknown
    key is an error in a file of this library, and a warning in a file shared with other tools.
    """

    severity: Severity
    meaning: str

    def __new__(cls, rule: str, meaning: str = "", severity: Severity = Severity.ERROR) -> Self:
        """Make a member whose value is the rule's id.

        Args:
            rule: The id.
            meaning: One sentence for the documentation.
            severity: The severity unless a diagnostic has another one.
        """
        member = str.__new__(cls, rule)
        member._value_ = rule
        member.meaning = meaning
        member.severity = severity
        return member

    UNKNOWN_KEY = "unknown-key", "A key that the model does not have."
    RENAMED_KEY = (
        "renamed-key",
        "A key by the name that it had before.",
        Severity.WARNING,
    )
    BAD_VALUE = "bad-value", "A value that the model's type or validator rejects."
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
        "Values nested deeper than the limit.",
    )
    ALIAS_BUDGET = (
        "alias-budget",
        "YAML aliases that expand to more nodes than the budget allows.",
    )
    UNSAFE_TAG = "unsafe-tag", "A YAML tag that is not one of the safe tags."
    YAML_SCALAR = (
        "yaml-scalar",
        "A YAML scalar that YAML 1.1 tools read differently.",
        Severity.WARNING,
    )
    EXTERNAL_SOURCE = "external-source", "A pydantic-settings source that failed.", Severity.WARNING
    SHADOWED_VALUE = (
        "shadowed-value",
        "A value set at start that loses to a value in code.",
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
    BAD_COMPOSITION = (
        "bad-composition",
        "A `$` key of a composed file with something else than what it takes.",
    )
    UNKNOWN_DIRECTIVE = (
        "unknown-directive",
        "A `$` name that composed files do not have.",
    )
    LATE_CONFIG = (
        "late-config",
        "A file with `$config` after other keys, which is plain data.",
        Severity.WARNING,
    )
    UNKNOWN_PROFILE = "unknown-profile", "A profile that no composed file has."
    UNKNOWN_REFERENCE = (
        "unknown-reference",
        "A reference to a key or variable that does not exist.",
    )
    CIRCULAR = "circular", "Files or references that lead back to themselves."
    COMPOSITION_LIMIT = (
        "composition-limit",
        "More files or references than composing may follow.",
    )
    MASKED_VALUE = (
        "masked-value",
        "A value that a run recorded as `***`, passed on as if it were the value.",
    )
    CHANGED_BY_RUN = (
        "changed-by-run",
        "A value of a typed run config that the run's own inputs would change.",
    )
    BAD_OVERRIDE = (
        "bad-override",
        "An override, `--set` or `--unset`, that cannot be read, or adds a key that is there.",
    )
    OVERRIDE_CONFLICT = (
        "override-conflict",
        "A flag and an override that give one key different values.",
    )
    SECRET_IN_OVERRIDE = (
        "secret-in-override",
        "An override with a secret, which other users can see among the processes.",
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
    BAD_INPUT = "bad-input", "An object that is not one of the supported config inputs."
    IMMUTABLE = "immutable", "An attempt to change settings in place."
    RUN_EXISTS = (
        "run-exists",
        "A run with this id exists, and the call does not allow that.",
    )
    RUN_MISSING = (
        "run-missing",
        "No run with this id exists, and the call requires one.",
    )
    BAD_QUERY = "bad-query", "A filter, a key or a place of runs that cannot be used."
    RUN_OWNED = "run-owned", "Another live process is writing this run."
    RUN_INACTIVE = (
        "run-inactive",
        "There is no active run: none was started, or it is finished.",
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
        "Online mode without a store or a login, where one is required.",
    )
    MISSING_PACKAGE = (
        "missing-package",
        "A package of an extra that is needed and not installed.",
    )
    BAD_STORE = (
        "bad-store",
        "An address, a database or a shipped run that this version cannot ship to.",
    )
    STORE_UNREACHABLE = (
        "store-unreachable",
        "A store that does not answer, or whose connection broke; it is worth another try.",
    )
    NOT_AVAILABLE = (
        "not-available",
        "An argument whose feature this version does not have.",
    )


class Excerpt(NamedTuple):
    """The line of text that a diagnostic is about, and the part of it to mark."""

    text: str
    """The line, without its line break."""
    line: int
    """1-based line number."""
    column: int
    """1-based column at which the marked part begins."""
    width: int = 1
    """How many characters are marked."""


class Beaten(NamedTuple):
    """A value of a lower layer, which the value that the diagnostic is about beat."""

    origin: Origin
    shown: str
    """The value as text, already masked where it is secret."""


@dataclass(frozen=True)  # without slots: making the class twice costs time at import
class Diagnostic:
    """One problem, or one fact worth knowing."""

    rule: Rule
    severity: Severity
    path: KeyPath
    message: str
    """What is wrong, without position or hint, as in ``must be a valid number; got 'x'``."""
    origin: Origin | None = None
    hint: str | None = None
    """What to do next, as in ``did you mean 'offline'?``."""
    excerpt: Excerpt | None = None
    over: tuple[Beaten, ...] = ()
    related: tuple[tuple[Origin, Excerpt | None], ...] = field(default=())
    """Further positions that belong to it, such as that of the first of two equal keys."""

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
        """Make a diagnostic with the severity of its rule.

        Args:
            rule: The rule that is broken.
            path: The key path that it is about.
            message: What is wrong, without position or advice.
            origin: Where the value was set.
            hint: What to do next.
            excerpt: The line of text.
            severity: Another severity than that of the rule.
        """
        return cls(rule, severity or rule.severity, path, message, origin, hint, excerpt)

    @property
    def key(self) -> str:
        """The path as text, such as ``optim.lr``."""
        return format_path(self.path)

    @property
    def line(self) -> int | None:
        """1-based line, if the diagnostic is about a file."""
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
        """Whether it is an error, which makes the whole call fail."""
        return self.severity is Severity.ERROR

    def as_error(self) -> Diagnostic:
        """The same diagnostic as an error; ``strict`` makes errors of warnings."""
        return self if self.is_error else replace(self, severity=Severity.ERROR)
