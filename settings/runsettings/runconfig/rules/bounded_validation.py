"""Validates by a JSON Schema of somebody else, within a budget of CPU time.

Each keyword looks at the time that is left. A search for a regular expression cannot be
interrupted, so one that could take long is first made in a process of its own, which the kernel
ends when its budget is used up. Usual patterns and texts need no such process.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Final, NamedTuple, cast

# This module is imported only if a config has a schema: the import of jsonschema is slow.
import jsonschema
import referencing
import referencing.exceptions

from runsettings.values.key_paths import KeyPath

BUDGET: Final = 5.0
"""Seconds of CPU time for one config and one schema."""

MOST_VIOLATIONS: Final = 1_000
"""The most violations that are reported. Nobody reads more."""

_LONGEST: Final = 300
"""Characters of jsonschema's message that are shown: it can contain the whole value."""

_SEARCH_BUDGET: Final = 1
"""Seconds of CPU time for all searches that may take long."""

_PATIENCE: Final = 60.0
"""Seconds for these searches by the clock, where the platform has no limit of CPU time."""

_FEW_STEPS: Final = 10**7
"""A search of at most so many steps is made at once: it takes some tenths of a second."""

_SEARCHING: Final = f"""
import json, re, sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CPU, ({_SEARCH_BUDGET}, {_SEARCH_BUDGET}))
except ImportError:
    pass
for line in sys.stdin:
    try:
        re.search(*json.loads(line))
    except (re.error, ArithmeticError, RecursionError):
        pass  # told where the pattern is used
    print(flush=True)
"""


class UnusableSchemaError(Exception):
    """A schema is not valid, or cannot be followed within the budget.

    Args:
        message: What is wrong, to be read after the name of the schema.
        part: The mapping in the schema that it is about, if that is known.
        path: The path of what it is about, if that is known.
    """

    def __init__(self, message: str, part: Any = None, path: KeyPath = ()) -> None:
        super().__init__(message)
        self.part = part
        self.path = path


def violations(data: Any, schema: Mapping[str, Any], *, check: bool = True) -> list[Any]:
    """The errors of jsonschema for a config.

    Args:
        data: The config.
        schema: The schema.
        check: Whether to check the config; otherwise, only the schema is checked.

    Returns:
        At most `MOST_VIOLATIONS` errors, in the order of their paths. Their messages are short.

    Raises:
        UnusableSchemaError: The schema is not valid, refers to what it does not hold, or takes
            more than the budget.
    """
    known = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    kind = _bounded(known)
    budget = _Budget()
    token = _budget.set(budget)
    try:
        of_schemas = kind(known.META_SCHEMA, format_checker=known.FORMAT_CHECKER)
        for error in of_schemas.iter_errors(schema):
            at = f" at {error.json_path}" if error.absolute_path else ""
            message = f"is not a valid JSON Schema{at}: {error.message}"
            raise UnusableSchemaError(message, path=tuple(error.absolute_path))
        if not check:
            return []
        budget.places = True
        budget.check_keys(schema, data)
        # An explicit registry never fetches a `$ref` from the network.
        validator = kind(schema, registry=referencing.Registry())
        found = []
        for error in validator.iter_errors(data):
            found.append(error)
            if len(found) == MOST_VIOLATIONS:
                break
        return sorted(found, key=lambda error: str(error.json_path))
    except referencing.exceptions.Unresolvable as error:
        message = f"refers to {error.ref!r}, which it does not hold; nothing is fetched"
        raise UnusableSchemaError(short(message)) from error
    except RecursionError as error:
        message = "is nested too deep, or has a $ref that leads back to itself without end"
        raise UnusableSchemaError(message) from error
    finally:
        _budget.reset(token)
        budget.close()


def short(message: str) -> str:
    """A message with at most `_LONGEST` characters."""
    return message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"


class _Budget:
    """What is left for one validation.

    Attributes:
        places: Whether the parts of the schema that keywords see are parts of the user's schema.
    """

    def __init__(self) -> None:
        self.places = False
        self._end = time.thread_time() + BUDGET
        self._searching: _Searching | None = None

    def spend(self, keyword: str, schema: Any) -> None:
        """Refuse to go on if the time is used up.

        Raises:
            UnusableSchemaError: It is used up.
        """
        if time.thread_time() > self._end:
            message = f"takes more than {BUDGET:g} s of CPU time; {keyword!r} is not finished"
            raise UnusableSchemaError(message, schema if self.places else None)

    def check_search(self, pattern: Any, text: Any, schema: Any) -> None:
        """Refuse a search that takes too long.

        Args:
            pattern: The regular expression.
            text: The text that is searched.
            schema: The part of the schema that has the pattern.

        Raises:
            UnusableSchemaError: It takes too long.
        """
        if not isinstance(pattern, str) or not isinstance(text, str):
            return
        if _steps(pattern, len(text)) <= _FEW_STEPS:
            return
        if self._searching is None:
            self._searching = _Searching()
        if not self._searching.ends(pattern, text):
            message = (
                f"has a pattern that takes more than {_SEARCH_BUDGET} s of CPU time to search"
                f" a text of {len(text):,} characters: {short(pattern)!r}"
            )
            raise UnusableSchemaError(message, schema)

    def check_keys(self, schema: Any, data: Any) -> None:
        """Refuse patterns of keys that take too long for the keys of a config.

        Several keywords search for them, so that all of them are tried at the start.
        """
        keyed = [
            part for part in _mappings(schema) if isinstance(part.get("patternProperties"), Mapping)
        ]
        if keyed:
            keys = dict.fromkeys(key for part in _mappings(data) for key in part)
            for part in keyed:
                for pattern in part["patternProperties"]:
                    for key in keys:
                        self.check_search(pattern, key, part)
                    self.spend("patternProperties", part)

    def close(self) -> None:
        """End the process of the searches."""
        if self._searching is not None:
            self._searching.close()


_budget: Final[ContextVar[_Budget]] = ContextVar("_budget")


class _Searching:
    """A process that makes searches, and ends when its CPU time is used up."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - a list, and no shell
            [sys.executable, "-I", "-S", "-c", _SEARCHING],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="ascii",
        )
        self._timer = threading.Timer(_PATIENCE, self._process.kill)
        self._timer.daemon = True
        self._timer.start()

    def ends(self, pattern: str, text: str) -> bool:
        """Whether a search ended before the time was used up."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps([pattern, text]) + "\n")
            self._process.stdin.flush()
        except OSError:
            return False
        return self._process.stdout.readline() != ""

    def close(self) -> None:
        """End the process."""
        self._timer.cancel()
        self._process.kill()
        with contextlib.suppress(OSError):
            self._process.communicate()


def _steps(pattern: str, length: int) -> float:
    """At most so many steps, in order of magnitude, does a search take.

    Each repetition can end at any character, and each choice can double the work. A repetition
    inside of another one can take any number of steps.
    """
    if re.search(r"\)[*+{]", pattern):
        return float("inf")
    ends = sum(map(pattern.count, "*+{")) + (not pattern.startswith("^") or "|" in pattern)
    choices = pattern.count("?") + pattern.count("|")
    return float(max(length, 1)) ** min(ends, 30) * 2.0 ** min(choices, 100)


def _mappings(data: Any) -> Iterator[Mapping[Any, Any]]:
    """Yield all mappings in a tree of mappings and lists."""
    waiting, seen = [data], set[int]()
    while waiting:
        node = waiting.pop()
        if not isinstance(node, (Mapping, list)) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, list):
            waiting.extend(node)
        else:
            yield node
            waiting.extend(node.values())


class _Keyword(NamedTuple):
    """One keyword of jsonschema, within the budget."""

    name: str
    function: Callable[..., Any]

    def __call__(self, validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        budget = _budget.get()
        budget.spend(self.name, schema)
        if self.name == "pattern":
            budget.check_search(value, instance, schema)
        try:
            for error in self.function(validator, value, instance, schema) or ():
                error.message = short(error.message)
                yield error
        except (ArithmeticError, ValueError, TypeError, re.error) as error:
            # jsonschema does not expect infinite and huge numbers, and odd addresses.
            if self.name.startswith("$"):
                message = f"has a {self.name} that cannot be followed: {short(str(error))}"
                raise UnusableSchemaError(message, schema) from error
            message = f"is a value that {self.name!r} cannot be applied to: {error}"
            yield jsonschema.ValidationError(short(message))


@functools.cache
def _bounded(kind: Any) -> Any:
    """The class of validators with all keywords within the budget."""
    keywords = {name: _Keyword(name, function) for name, function in kind.VALIDATORS.items()}
    keywords["uniqueItems"] = _Keyword("uniqueItems", _unique_items)
    bounded = jsonschema.validators.extend(kind, keywords)  # type: ignore[no-untyped-call]
    as_usual = bounded.evolve

    def evolve(self: Any, **changes: Any) -> Any:
        # Where a part of a schema has its own `$schema`, jsonschema takes the class that it means.
        made = as_usual(self, **changes)
        if type(made) is bounded:
            return made
        return _bounded(cast("Any", type(made)))(
            made.schema,
            format_checker=made.format_checker,
            registry=made._registry,
            _resolver=made._resolver,
        )

    bounded.evolve = evolve
    return bounded


def _unique_items(validator: Any, unique: Any, instance: Any, _schema: Any) -> Iterator[Any]:
    """The keyword ``uniqueItems``, in linear time: jsonschema compares each pair."""
    if unique and validator.is_type(instance, "array"):
        seen = set(map(_comparable, instance))
        if len(seen) < len(instance):
            yield jsonschema.ValidationError(f"{instance!r} has non-unique elements")


def _comparable(value: Any) -> Any:
    """A hashable value that equals another one where JSON's values are equal."""
    if isinstance(value, Mapping):
        return dict, frozenset((key, _comparable(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return list, tuple(map(_comparable, value))
    return (bool, value) if isinstance(value, bool) else value
