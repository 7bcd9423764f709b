"""Makes the shell commands that start a run again: commit, variables and command line."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final

from runsettings.journal.query.recorded_values import config_values, settings_values
from runsettings.journal.replay import StoredRun
from runsettings.secrets.forms import MASK
from runsettings.values.origin import Layer
from runsettings.values.rendering import printable

_IDENTITY: Final = frozenset({"run_id", "resume", "resume_from", "fork_from"})
"""Settings with which the command would continue or replace the recorded run."""

_COMMIT: Final = r"[0-9a-f]{7,64}"
_FLAG: Final = r"--?([A-Za-z][A-Za-z0-9_.-]*)"
_VARIABLE: Final = r"[A-Za-z_][A-Za-z0-9_]*"


def reproduce(run: StoredRun) -> str:
    """Make the commands that start a run again, for a POSIX shell.

    A masked secret becomes a variable of the shell: ``"${API_KEY}"``. Each text of the run is
    quoted.

    Args:
        run: The run with its details.

    Returns:
        The commands, one a line.
    """
    facts = run.metadata
    git, program = facts.get("git"), facts.get("program")
    lines = []
    if facts.get("cwd"):
        lines.append(f"cd {_quoted(facts['cwd'])}")
    if isinstance(git, Mapping) and re.fullmatch(_COMMIT, str(git.get("commit"))):
        if git.get("remote"):
            lines.append(printable("# " + " ".join(f"a clone of {git['remote']}".split())))
        lines.append(f"git checkout {git['commit']}")
        if git.get("dirty"):
            lines.append("# tracked files had changes that this commit does not have")
    if not isinstance(program, str) or program in ("", "-c"):
        lines.append("# the program was not a file, so that its command is not known")
        return "\n".join(lines)
    words = [f"{name}={value}" for name, value in sorted(_variables(run).items())]
    if program.endswith((".py", ".pyc")):
        words.append("python")
    words.append(_quoted(program))
    words += _arguments(facts.get("args") or ())
    lines.append(" ".join(words))
    return "\n".join(lines)


def _variables(run: StoredRun) -> dict[str, str]:
    """The quoted values of the variables that set values, by name."""
    found: dict[str, list[tuple[list[str], Any]]] = {}
    values = {key: each for key, each in settings_values(run).items() if key not in _IDENTITY}
    for key, each in [*values.items(), *config_values(run).items()]:
        name = str((each.origin or {}).get("where", ""))
        if each.layer == Layer.ENV.label and re.fullmatch(_VARIABLE, name):
            found.setdefault(name, []).append((key.split("."), each.value))
    return {name: _variable(name, leaves) for name, leaves in found.items()}


def _variable(name: str, leaves: list[tuple[list[str], Any]]) -> str:
    """The quoted value of a variable that sets one key, or several as JSON."""
    if len(leaves) == 1:
        value = leaves[0][1]
        if isinstance(value, str):
            return f'"${{{name}}}"' if value == MASK else _quoted(value, name)
        return _quoted(json.dumps(value), name)
    depth = 0
    while len({path[depth] for path, _ in leaves if len(path) > depth + 1}) == 1 and all(
        len(path) > depth + 1 for path, _ in leaves
    ):
        depth += 1
    tree: dict[str, Any] = {}
    for path, value in leaves:
        node = tree
        for key in path[depth:-1]:
            node = node.setdefault(key, {})
        node[path[-1]] = value
    return _quoted(json.dumps(tree), name)


def _arguments(arguments: Any) -> Iterator[str]:
    """The quoted arguments. A masked one becomes a variable with the name of its flag."""
    flag = "SECRET"
    for each in map(str, arguments):
        found = re.match(_FLAG, each)
        if found is not None:
            flag = re.sub(r"\W", "_", found[1]).upper()
        yield _quoted(each, flag)
        if found is None:
            flag = "SECRET"


def _quoted(text: Any, secret: str = "SECRET") -> str:  # noqa: S107 - the name of a variable
    """A text as one word of a shell; masked parts become a variable."""
    parts = (_plain(part) if part else "" for part in str(text).split(MASK))
    return f'"${{{secret}}}"'.join(parts) or "''"


def _plain(text: str) -> str:
    """A text as one word of a shell, without characters that a terminal interprets."""
    if text.isprintable():
        return shlex.quote(text)
    escaped = text.replace("\\", r"\\").replace("'", r"\'")
    return "$'" + "".join(c if c.isprintable() else _escape(c) for c in escaped) + "'"


def _escape(char: str) -> str:
    # Python has an argument's bytes that are not UTF-8 as these surrogates.
    errors = "surrogateescape" if "\udc80" <= char <= "\udcff" else "surrogatepass"
    return "".join(f"\\x{byte:02x}" for byte in char.encode(errors=errors))
