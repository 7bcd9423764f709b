"""``sync_tensorboard``: learns where the script writes event files, so that they are followed.

The scalars are read outside of the script, by `shipping.event_files`; of an offline run, when it
ends.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import glob
import importlib.util
import os
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from runsettings.documents.paths import working_directory
from runsettings.integrations.patching import Patches
from runsettings.journal.replay import StoredRun, load_run
from runsettings.models.settings import Settings
from runsettings.runs.recording.run import Run
from runsettings.shipping.event_files.following import (
    METADATA,
    EventFiles,
    event_files,
    is_below,
)
from runsettings.values.key_paths import format_path, leaves_of
from runsettings.values.origin import Layer, Origin
from runsettings.values.tree import Tree

EXTRA: Final = "tensorboard"

_WRITERS: Final = ("tensorboardX.event_file_writer", "tensorboard.summary.writer.event_file_writer")
"""Modules with the class ``EventFileWriter``. PyTorch's writer has the one of TensorBoard."""

_PAIRS: Final = frozenset({"train", "training", "val", "valid", "validation", "eval", "test"})
"""Directories that mostly have another one beside them: their tags always have a prefix."""

_PATIENCE: Final = 5.0
"""Seconds that the end of a run waits for the writers to write what they hold."""


def missing(_settings: Settings) -> str | None:
    """What has to be installed, or ``None``."""
    if importlib.util.find_spec("google_crc32c") is None:
        return "google-crc32c"
    packages = ("tensorboard", "tensorboardX")
    if not any(importlib.util.find_spec(name) for name in packages):
        return "tensorboard or tensorboardX"
    return None


def attach(run: Run) -> Callable[[], None]:
    """Follow the directories of all writers, from now to the end of the run.

    Returns:
        A function that reads what is left, and ends it.
    """
    return _Following(run).finish


class _Following:
    """The directories that are followed for one run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._process = os.getpid()
        self._lock = threading.RLock()
        self._writers: weakref.WeakSet[Any] = weakref.WeakSet()
        known = run._stored.metadata.get(METADATA, {})
        self._directories: dict[str, str] = dict(known.get("directories", {}))
        self._earlier: list[str] = list(known.get("earlier", ()))
        self._patches = Patches(self._complain)
        self._patches.install(dict.fromkeys(_WRITERS, self._patch))

    def _patch(self, module: ModuleType) -> None:
        """Learn the writers of a module: those that are open, and all new ones."""
        kind = module.EventFileWriter
        opened = [each for each in gc.get_objects() if type(each) is kind and not _is_closed(each)]
        self._writers.update(opened)
        for writer in opened:
            self._learn(writer.get_logdir())

        def learning(original: Callable[..., None]) -> Callable[..., None]:
            @functools.wraps(original)
            def init(writer: Any, logdir: Any, *args: Any, **kwargs: Any) -> None:
                self._learn(logdir)
                original(writer, logdir, *args, **kwargs)
                self._writers.add(writer)

            return init

        self._patches.replace(kind, "__init__", learning)

    def _learn(self, logdir: Any) -> None:
        """Follow a directory, unless it is in one that is followed."""
        if os.getpid() != self._process:
            return  # a forked child must not write the journal
        try:
            text = os.fspath(logdir)
            if "://" in text:
                self._complain(f"{text} is not on this machine, and is not followed")
                return
            directory = os.path.normpath(working_directory() / text)
            with self._lock:
                if any(is_below(directory, top) for top in self._directories):
                    return
                new = {directory: self._prefix(directory)}
                ours = {name for writer in self._writers if (name := _file_of(writer))}
                found = event_files({"directories": new}, self._run.path.parent)
                self._earlier += [path for path, _ in found if path not in ours]
                self._directories |= new
                self._run._recorder.write(
                    {
                        "type": "metadata",
                        "values": {
                            METADATA: {
                                "directories": dict(self._directories),
                                "earlier": list(self._earlier),
                            }
                        },
                    }
                )
        except Exception as error:  # noqa: BLE001 - the writer of the script must work; it is told
            self._complain(error)

    def _prefix(self, directory: str) -> str:
        """The prefix of the tags of a new directory.

        It must not change later, when some of them are recorded. So the first directory has none,
        and the others have what tells them from it.
        """
        first = next(iter(self._directories), None)
        if first is None:
            name = Path(directory).name
            return name if name in _PAIRS else ""
        common = os.path.commonpath([directory, first])
        name = os.path.relpath(directory, common).replace(os.sep, "/")
        taken = self._directories.values()
        return Path(directory).name if name == "." else name if name not in taken else directory

    def finish(self) -> None:
        """Read what is left, save the event files, and follow nothing more."""
        self._patches.remove()
        if os.getpid() != self._process:
            return
        self._flush()
        run = self._run
        followed = {"directories": self._directories, "earlier": self._earlier}
        for path, _ in event_files(followed, run.path.parent):
            run._files.save(glob.escape(path), None, working_directory(), "now")
        if run.mode == "offline" and self._directories:
            journal, recorder = run.journal_path, run._recorder
            files = EventFiles(journal, recorder.notices.warn, recorder.mask)
            if files.follow(load_run(journal), everything=True):
                self._take_over(load_run(journal))
        elif self._directories:
            run._followed_steps = None  # another process reads them, perhaps later

    def _take_over(self, followed: StoredRun) -> None:
        """Let the run have what was read, for the files that it writes at its end."""
        run = self._run
        run._stored.summary.update(followed.summary)
        run._followed_steps = followed.source_step
        new = {key: value for key, value in followed.config.items() if key not in run.config}
        for key, value in new.items():
            at = next(iter(leaves_of({key: value})))[0]
            origin = Origin.from_json(followed.config_origins[format_path(at)])
            run.config.update(Tree(Layer.FILE, f"{origin}", {key: value}))

    def _flush(self) -> None:
        """Let the writers write what they hold, so that it can be read.

        In a thread: a signal may have interrupted one of them, which then holds its lock.
        """
        writers = list(self._writers)

        def flush() -> None:
            for writer in writers:
                _empty_queue(writer)
                with contextlib.suppress(OSError):  # it was closed, which wrote everything
                    writer.flush()

        thread = threading.Thread(target=flush, name="runsettings", daemon=True)
        thread.start()
        thread.join(_PATIENCE)

    def _complain(self, error: object) -> None:
        self._run._warn_once("sync_tensorboard", f"sync_tensorboard: {error}")


def _empty_queue(writer: Any) -> None:
    """Wait until a writer of tensorboardX has written what is in its queue; its flush does not.

    A mark is put into the queue. The thread that writes hands it to the wrapper of its method.
    """
    queue, events = getattr(writer, "_event_queue", None), getattr(writer, "_ev_writer", None)
    if queue is None or events is None:
        return
    original, written = events.write_event, threading.Event()

    def write_event(event: Any) -> None:
        if isinstance(event, str):
            written.set()
        else:
            original(event)

    events.write_event = write_event
    queue.put("runsettings: a mark", timeout=_PATIENCE)
    if written.wait(_PATIENCE):
        del events.write_event


def _is_closed(writer: Any) -> bool:
    """Whether a writer of either package is closed: what it wrote is of before the run."""
    return bool(getattr(getattr(writer, "_async_writer", writer), "_closed", False))


def _file_of(writer: Any) -> str | None:
    """The event file of a writer of either package."""
    name = getattr(getattr(writer, "_ev_writer", writer), "_file_name", None)
    return os.path.normpath(working_directory() / name) if isinstance(name, str) else None
