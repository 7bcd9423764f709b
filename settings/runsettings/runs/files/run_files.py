"""The files below a run's ``files/``: those that the run writes, and those that are saved.

Every file gets its name in `RunFiles`, which keeps it inside of the directory and records it.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from runsettings.documents.atomic_write import write_file
from runsettings.documents.temporary_files import TEMPORARY, mode_of_copy
from runsettings.journal.directory import remove_temporary_files
from runsettings.journal.recorder import Recorder
from runsettings.journal.writer import encode
from runsettings.runconfig.config import Config
from runsettings.runconfig.inputs.wandb_form import write_config
from runsettings.runs.capture.code import Code
from runsettings.runs.capture.git import git_facts
from runsettings.runs.capture.host import machine_facts
from runsettings.runs.capture.packages import installed_packages
from runsettings.runs.files.save_patterns import (
    SavePattern,
    SavePolicy,
    check_policy,
    is_below,
    unsafe_path,
)
from runsettings.values.errors import RunError
from runsettings.values.rendering import printable

CONFIG: Final = "config.yaml"
SETTINGS: Final = "settings.json"
METADATA: Final = "wandb-metadata.json"
SUMMARY: Final = "wandb-summary.json"
REQUIREMENTS: Final = "requirements.txt"

RESERVED: Final = frozenset({CONFIG, SETTINGS, METADATA, SUMMARY, REQUIREMENTS})
"""Files that the run writes; a user's file of such a name is kept below ``saved/``."""

_LONGEST_PART: Final = 255
"""Bytes of one part of a path, on every file system in common use."""

_PATIENCE: Final = 5.0
"""Seconds that the end of a run waits for the facts about a slow repository."""


class _Version(NamedTuple):
    """What tells one version of a source file from another."""

    source: str
    inode: int
    size: int
    modified: int


class RunFiles:
    """Writes below ``files/``. A failing disk is a warning and stops nothing.

    Args:
        home: The ``files/`` directory.
        recorder: Records each file.
        recorded: The sizes in bytes of the files that the journal has already, by name.
        facts: The facts about the process that are known at the start.
        code_at_end: Returns the code that is complete only at the end, such as a notebook's.
        earlier_runtime: Seconds that earlier processes of the run ran.
    """

    def __init__(
        self,
        home: Path,
        recorder: Recorder,
        recorded: Mapping[str, int],
        *,
        facts: Mapping[str, Any],
        code_at_end: Callable[[], Iterable[Code]],
        earlier_runtime: float = 0.0,
    ) -> None:
        self.home = home
        self.config_changed = False
        self._recorder = recorder
        self._recorded = dict(recorded)
        self._facts = dict(facts)
        self._code_at_end = code_at_end
        self._started = time.time() - earlier_runtime
        self._patterns: dict[SavePattern, None] = {}
        self._copied: dict[str, _Version] = {}
        self._background: threading.Thread | None = None
        self._failure: RunError | None = None

    def write_start(
        self, settings: Mapping[str, Any], config: Config, code: Iterable[Code]
    ) -> None:
        """Write the files that are known at the start."""
        self._write(SETTINGS, encode(settings, indent=2))
        self._write(CONFIG, write_config(config.as_dict()).encode())
        self._write_code(code)

    def gather_facts(
        self, cwd: Path, *, git: bool, config_files: Callable[[], Iterable[Code]] = tuple
    ) -> None:
        """Gather the installed packages and the state of git, in a thread of its own.

        Args:
            cwd: A directory that may be in a repository.
            git: Whether to look at git at all.
            config_files: Returns the files that the values of the run come from, to be copied.
        """
        self._background = threading.Thread(
            target=self._gather, args=(cwd, git, config_files), name="runsettings", daemon=True
        )
        try:
            self._background.start()
        except RuntimeError:
            # There can be no more threads, or the interpreter ends: do without the facts.
            self._background = None

    def wait_for_facts(self) -> None:
        """Wait until the facts are recorded, for some seconds at most.

        Raises:
            RunError: They could not be recorded, and ``strict`` is on.
        """
        if self._background is not None:
            self._background.join(_PATIENCE)
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def save(
        self, path: str | Path, base: str | Path | None, cwd: Path, policy: SavePolicy
    ) -> list[str]:
        """Copy files into the run, and remember the pattern for the end.

        Args:
            path: A path or a glob; relative to ``cwd``.
            base: The directory that names are relative to; see `SavePattern.of`.
            cwd: The working directory.
            policy: When to copy.

        Returns:
            The paths of the copies.

        Raises:
            RunError: The path would leave the run's directory, or the policy is unknown.
        """
        check_policy(policy)
        pattern = SavePattern.of(path, base, cwd)
        if policy != "now":
            self._patterns[pattern] = None
        if policy == "end":
            return []
        copies = self._copy_matches(pattern)
        if next(pattern.sources(), None) is None:
            self._recorder.notices.warn(
                f"save({os.fspath(path)!r}) matches no file"
                + ("" if policy == "now" else " yet; it is looked at again at the end")
            )
        return [str(self.home / name) for name in copies]

    def close(self, config: Config, summary: Mapping[str, Any], step: int) -> None:
        """Complete the files at the end of the run.

        Args:
            config: The run config.
            summary: The summary, nested.
            step: The step after the last one.
        """
        self.wait_for_facts()
        self._write_code(self._code_at_end())
        for pattern in self._patterns:
            self._copy_matches(pattern)
        self._recorder.attempt("the list of files", self._record_files_of_the_script)
        if self.config_changed:
            self._write(CONFIG, write_config(config.as_dict()).encode())
        self._write(SUMMARY, encode({**summary, **self.own_summary(step)}, indent=2))

    def own_summary(self, step: int) -> dict[str, Any]:
        """W&B's own keys of the summary.

        Args:
            step: The step after the last one.
        """
        now = time.time()
        runtime = now - self._started
        return {
            "_step": max(step - 1, 0),
            "_runtime": runtime,
            "_timestamp": now,
            "_wandb": {"runtime": int(runtime)},
        }

    def _gather(self, cwd: Path, git: bool, config_files: Callable[[], Iterable[Code]]) -> None:
        copies = config_files()  # first, because an editor may change them
        remove_temporary_files(self.home.parents[1])
        packages = installed_packages(tuple(sys.path))
        facts: dict[str, Any] = {"packages": packages, **machine_facts()}
        if git:
            facts["git"] = git_facts(cwd)
        self._facts.update(facts)
        try:
            self._recorder.write({"type": "metadata", "values": facts})
            self._write(METADATA, encode(self._facts, indent=2))
            lines = "".join(f"{name}=={version}\n" for name, version in packages.items())
            self._write(REQUIREMENTS, lines.encode())
            for file in copies:
                self._write(file.name, file.content, record=True, mode=file.mode)
        except RunError as error:
            # Raised by `wait_for_facts`: nobody sees an exception of this thread.
            self._failure = error

    def _copy_matches(self, pattern: SavePattern) -> list[str]:
        """Copy the files that match; one that fails does not stop the others."""
        names: list[str] = []

        def copy(source: str) -> None:
            names.append(self._copy(source, pattern.base))

        for source in pattern.sources():
            if not is_below(source, os.fspath(self.home.parent)):
                self._recorder.attempt(f"the copy of {source}", functools.partial(copy, source))
        return names

    def _copy(self, source: str, base: str) -> str:
        """Copy one file, unless this version of it was copied before; return its name."""
        status = os.stat(source)  # noqa: PTH116
        version = _Version(source, status.st_ino, status.st_size, status.st_mtime_ns)
        name = Path(os.path.relpath(source, base)).as_posix()
        name = self._free_name(f"saved/{name}" if name in RESERVED else name, source)
        if self._copied.get(name) != version:
            with open(source, "rb") as content:  # noqa: PTH123 - a text, not a path
                self._replace(name, content, mode_of_copy(status))
            self._copied[name] = version
            self._record(name, status.st_size)
        return name

    def _free_name(self, name: str, source: str) -> str:
        """The name of a copy; if a file of another directory has it, with parents of the source."""
        parts = Path(source).parts[1:]
        count = len(Path(name).parts)
        while (copied := self._copied.get(name)) is not None and copied.source != source:
            count += 1
            if count > len(parts):
                break
            name = "/".join(parts[-count:])
        return name

    def _write_code(self, code: Iterable[Code]) -> None:
        for file in code:
            self._write(f"code/{file.name}", file.content, record=True, mode=file.mode)

    def _write(
        self, name: str, content: bytes, *, record: bool = False, mode: int | None = None
    ) -> None:
        """Write a file with its secrets masked, and record it if it is not one of the run's own."""
        masked = self._recorder.mask.file(content)

        def write() -> None:
            self._replace(name, masked, mode)
            if record:
                self._record(name, len(masked))

        self._recorder.attempt(name, write)

    def _replace(self, name: str, content: bytes | BinaryIO, mode: int | None = None) -> None:
        """Replace a file in one step.

        Raises:
            RunError: The name would leave the directory.
            OSError: It cannot be written.
        """
        target, run = self._target(name), self.home.parent
        # What a killed process leaves is found in the run's own directory by the next start.
        together = target.parent.stat().st_dev == run.stat().st_dev
        write_file(
            target,
            content,
            mode=mode,
            durable=self._recorder.journal.durable,
            follow_links=False,
            temporaries=run if together else None,
        )

    def _record_files_of_the_script(self) -> None:
        """Record the files that the script itself wrote below ``files/``."""
        for directory, _, names in os.walk(self.home):
            for file in names:
                path = Path(directory, file)
                name = path.relative_to(self.home).as_posix()
                if name in RESERVED or TEMPORARY.fullmatch(file) or not path.is_file():
                    continue
                size = path.stat().st_size
                if self._recorded.get(name) != size:
                    self._record(name, size)

    def _record(self, name: str, size: int) -> None:
        self._recorded[name] = size
        self._recorder.write({"type": "file", "path": name, "size": size})

    def _target(self, name: str) -> Path:
        """The path of the file ``name``, with its directories made; never outside of ``files/``.

        Raises:
            RunError: The name would leave the directory.
            OSError: A directory cannot be made.
        """
        target = Path(os.path.normpath(self.home / name))
        if not target.is_relative_to(self.home) or target == self.home:
            raise unsafe_path(f"'{printable(name)}' leaves the run's directory")
        if any(len(os.fsencode(part)) > _LONGEST_PART for part in target.parts):
            raise unsafe_path(
                f"'{printable(name[:80])}…' has a part of more than {_LONGEST_PART} bytes"
            )
        # If somebody deleted the run's directory, it is not made again.
        os.stat(self.home)  # noqa: PTH116
        target.parent.mkdir(parents=True, exist_ok=True)
        # A symbolic link below files/ may point anywhere, and so may files/ itself.
        home = self.home.parent.resolve() / self.home.name
        if not target.parent.resolve().is_relative_to(home):
            raise unsafe_path(f"'{printable(name)}' leaves the run's directory by a symbolic link")
        return target
