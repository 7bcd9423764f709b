"""The files of a run: what is written at its start, what comes in, and what the end completes."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from runsettings.journal.recorder import Recorder
from runsettings.runconfig.config import Config
from runsettings.runconfig.yaml_writing import write_yaml
from runsettings.runs.capture.background import Surroundings
from runsettings.runs.capture.code import Code
from runsettings.runs.files import file_contents
from runsettings.runs.files.saved_files import Pattern, Saved, SavedFiles


class Paperwork:
    """Writes below ``files/``. A failing disk is said and does not stop anything.

    Args:
        files: The files saved with the run.
        recorder: Records each of them.
        cwd: The directory whose repository is looked at.
        facts: What is known about the process at the start.
        git: Whether to look at the git repository.
        code_at_end: Gives the code that is complete only at the end, as a notebook's.
    """

    def __init__(
        self,
        files: SavedFiles,
        recorder: Recorder,
        *,
        cwd: Path,
        facts: Mapping[str, Any],
        git: bool,
        code_at_end: Callable[[], Iterable[Code]],
    ) -> None:
        self.files = files
        self.config_changed = False
        self._recorder = recorder
        self._facts = dict(facts)
        self._code_at_end = code_at_end
        self._started = time.time()
        self._surroundings = Surroundings(cwd, git=git, tell=self._learn)

    def open(self, settings: file_contents.Explained, config: Config, code: Iterable[Code]) -> None:
        """Write what is known at the start, and begin to look around."""
        self._put(file_contents.SETTINGS, file_contents.settings_paper(settings))
        self._put(file_contents.CONFIG, write_yaml(config.as_dict()).encode())
        self._put_code(code)
        self._surroundings.start()

    def save(self, path: str | Path, base: str | Path | None, cwd: Path) -> list[str]:
        """Copy files into the run; the arguments are those of `Pattern.of`.

        Raises:
            RunError: The path would leave the run's directory.
        """
        pattern = Pattern.of(path, base, cwd)
        self.files.patterns[pattern] = None
        saved = self._copy(pattern)
        if next(pattern.sources(), None) is None:
            self._recorder.notices.warn(
                f"save({os.fspath(path)!r}) matches no file yet; it is looked at again at the end"
            )
        return [str(self.files.home / one.name) for one in saved]

    def close(self, config: Config, summary: Mapping[str, Any], step: int) -> None:
        """Complete the files at the end of the run."""
        self._surroundings.wait()
        self._put_code(self._code_at_end())
        for pattern in self.files.patterns:
            self._copy(pattern)
        self._recorder.attempt(
            "the list of files", lambda: self._note(self.files.written_by_hand())
        )
        if self.config_changed:
            self._put(file_contents.CONFIG, write_yaml(config.as_dict()).encode())
        self._put(file_contents.SUMMARY, file_contents.summary_paper(summary, step, self._started))

    def _copy(self, pattern: Pattern) -> list[Saved]:
        """Copy what matches; a file that fails does not stop the others."""
        saved: list[Saved] = []

        def copy(source: str) -> None:
            saved.append(self.files.copy(source, pattern.base))

        for source in pattern.sources():
            if not self.files.is_own(source):
                self._recorder.attempt(f"the copy of {source}", functools.partial(copy, source))
        self._note(one for one in saved if one.fresh)
        return saved

    def _learn(self, facts: Mapping[str, Any]) -> None:
        """Take in what the thread found out."""
        self._facts.update(facts)
        self._recorder.write({"type": "metadata", "values": facts})
        self._put(file_contents.METADATA, file_contents.metadata_paper(self._facts))

    def _put_code(self, code: Iterable[Code]) -> None:
        for file in code:
            self._recorder.attempt(
                f"the copy of {file.name}", functools.partial(self._keep_code, file)
            )

    def _keep_code(self, file: Code) -> None:
        content = self._recorder.masked(file.content)
        self._note([self.files.put(f"code/{file.name}", content)])

    def _put(self, name: str, content: bytes) -> None:
        """Write a file of the run's own. It is no record: it is made from the journal."""
        put = functools.partial(self.files.put, name, self._recorder.masked(content))
        self._recorder.attempt(name, put)

    def _note(self, saved: Iterable[Saved]) -> None:
        for one in saved:
            self._recorder.write({"type": "file", "path": one.name, "size": one.size})
