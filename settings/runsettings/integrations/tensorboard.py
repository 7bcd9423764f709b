"""``sync_tensorboard``: finds the directories to which the script writes event files.

In online mode, the process that ships the run reads the scalars while the script runs. The end of a
run reads those that were not read yet, and gives the script their summary and config.
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
from runsettings.shipping.event_files.copying import base_of_copy, is_below
from runsettings.shipping.event_files.following import (
    METADATA,
    EventFiles,
    event_files,
    is_event_file,
)
from runsettings.values.key_paths import format_path, leaves_of
from runsettings.values.origin import Layer, Origin
from runsettings.values.tree import Tree

EXTRA: Final = "tensorboard"

_WRITERS: Final = ("tensorboardX.event_file_writer", "tensorboard.summary.writer.event_file_writer")
"""Modules with the class ``EventFileWriter``. PyTorch's writer has the one of TensorBoard."""

_TENSORFLOW: Final = "tensorflow.python.ops.summary_ops_v2"
"""The module with the class of the writers of ``tf.summary``."""

_PAIRED_NAMES: Final = frozenset(
    {"train", "training", "val", "valid", "validation", "eval", "test"}
)
"""Names of directories that usually come in pairs: their tags always have a prefix."""

_FLUSH_TIMEOUT: Final = 5.0
"""The number of seconds that the end of a run waits for the writers to flush."""


def missing(_settings: Settings) -> str | None:
    """Return the packages that must be installed, or ``None`` if nothing is missing."""
    if importlib.util.find_spec("google_crc32c") is None:
        return "google-crc32c"
    packages = ("tensorboard", "tensorboardX")
    if not any(importlib.util.find_spec(name) for name in packages):
        return "tensorboard or tensorboardX"
    return None


def attach(run: Run) -> Callable[[], None]:
    """Follow the directories of all writers until the end of the run.

    Args:
        run: The run.

    Returns:
        A function that reads the remaining events and removes the patches.
    """
    return _FollowedDirectories(run).finish


class _FollowedDirectories:
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
        patches = dict.fromkeys(_WRITERS, self._patch)
        self._patches.install({**patches, _TENSORFLOW: self._patch_tensorflow})

    def _patch(self, module: ModuleType) -> None:
        """Follow the directories of a module's writers: those that are open, and all new ones."""
        kind = module.EventFileWriter
        for writer in self._add_open_writers(kind):
            self._follow(writer.get_logdir())

        def following(original: Callable[..., None]) -> Callable[..., None]:
            @functools.wraps(original)
            def init(writer: Any, logdir: Any, *args: Any, **kwargs: Any) -> None:
                self._follow(logdir)
                original(writer, logdir, *args, **kwargs)
                self._writers.add(writer)

            return init

        self._patches.replace(kind, "__init__", following)

    def _patch_tensorflow(self, module: ModuleType) -> None:
        """Follow the directories of the writers of ``tf.summary``, as `_patch` does."""
        kind = module._ResourceSummaryWriter
        if self._add_open_writers(kind):
            # They do not know their directories.
            for path in _open_event_files():
                self._follow(os.path.dirname(path))  # noqa: PTH120 - a text, like the others

        def following(original: Callable[..., None]) -> Callable[..., None]:
            @functools.wraps(original)
            def init(writer: Any, create_fn: Any, init_op_fn: Any, *args: Any, **more: Any) -> None:
                try:
                    self._follow(init_op_fn.keywords["logdir"].numpy())
                except Exception as error:  # noqa: BLE001 - another version of TensorFlow; reported
                    self._complain(error)
                original(writer, create_fn, init_op_fn, *args, **more)
                self._writers.add(writer)

            return init

        self._patches.replace(kind, "__init__", following)

    def _add_open_writers(self, kind: type) -> list[Any]:
        """Add the open writers of a class, and return them."""
        # `isinstance` would ask the object for its class, which may run code of other packages.
        found = [each for each in gc.get_objects() if issubclass(type(each), kind)]
        opened = [each for each in found if not _is_closed(each)]
        self._writers.update(opened)
        return opened

    def _follow(self, logdir: Any) -> None:
        """Follow a directory, unless it is below one that is followed."""
        if os.getpid() != self._process:
            return  # a forked child must not write the journal
        try:
            text = os.fsdecode(logdir)
            if "://" in text:
                self._complain(f"{text} is not on this machine, and is not followed")
                return
            directory = os.path.normpath(working_directory() / text)
            with self._lock:
                if any(is_below(directory, top) for top in self._directories):
                    return
                new = {directory: self._prefix(directory)}
                ours = {name for writer in self._writers if (name := _file_of(writer))}
                ours.update(_open_event_files())
                found = event_files({"directories": new}, self._run.path.parent)
                self._earlier += [path for path, _ in found if path not in ours]
                self._directories |= new
                self._run._recorder.write(
                    {
                        "type": "metadata",
                        "values": {METADATA: self._followed()},
                    }
                )
        except Exception as error:  # noqa: BLE001 - the script's writer must work; it is reported
            self._complain(error)

    def _followed(self) -> dict[str, Any]:
        """What the run follows, for its metadata."""
        return {
            "directories": dict(self._directories),
            "earlier": list(self._earlier),
            "base": os.fspath(working_directory()),
        }

    def _prefix(self, directory: str) -> str:
        """The prefix of the tags of a new directory.

        The prefix must not change after tags were recorded. So the first directory has no prefix,
        and each other directory has the part of its path that differs from the first one.
        """
        first = next(iter(self._directories), None)
        if first is None:
            name = Path(directory).name
            return name if name in _PAIRED_NAMES else ""
        common = os.path.commonpath([directory, first])
        name = os.path.relpath(directory, common).replace(os.sep, "/")
        taken = self._directories.values()
        return Path(directory).name if name == "." else name if name not in taken else directory

    def finish(self) -> None:
        """Read the remaining events, save the event files, and remove the patches."""
        self._patches.remove()
        if os.getpid() != self._process:
            return
        self._flush()
        run = self._run
        followed = self._followed()
        for path, _ in event_files(followed, run.path.parent):
            base = base_of_copy(path, followed)
            run._files.save(glob.escape(path), base, working_directory(), "now")
        if self._directories:
            # In online mode, the process that ships the run has read most of them by now.
            journal, recorder = run.journal_path, run._recorder
            files = EventFiles(journal, recorder.notices.warn, recorder.mask)
            files.follow(load_run(journal), everything=True)
            self._take_over(load_run(journal))

    def _take_over(self, followed: StoredRun) -> None:
        """Copy the summary and config that were read to the run, for the files that it writes."""
        run = self._run
        run._stored.summary.update(followed.summary)
        run._followed = followed.rows - run._rows
        new = {key: value for key, value in followed.config.items() if key not in run.config}
        for key, value in new.items():
            at = next(iter(leaves_of({key: value})))[0]
            origin = Origin.from_json(followed.config_origins[format_path(at)])
            run.config.update(Tree(Layer.FILE, f"{origin}", {key: value}))

    def _flush(self) -> None:
        """Flush the writers, so that their events can be read.

        This happens in a thread: a signal may have interrupted a writer that holds its lock.
        """
        writers = list(self._writers)

        def flush() -> None:
            for writer in writers:
                _empty_queue(writer)
                with contextlib.suppress(OSError):  # it was closed, which wrote everything
                    writer.flush()

        thread = threading.Thread(target=flush, name="runsettings", daemon=True)
        thread.start()
        thread.join(_FLUSH_TIMEOUT)

    def _complain(self, error: object) -> None:
        self._run._warn_once("sync_tensorboard", f"sync_tensorboard: {error}")


def _empty_queue(writer: Any) -> None:
    """Wait until a writer of tensorboardX has written its queue; its ``flush`` does not wait.

    A marker is put into the queue. The writer's thread passes it to the wrapper of ``write_event``.
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
    queue.put("runsettings: a mark", timeout=_FLUSH_TIMEOUT)
    if written.wait(_FLUSH_TIMEOUT):
        del events.write_event


def _is_closed(writer: Any) -> bool:
    """Whether a writer of either package is closed: its events are from before the run."""
    return bool(getattr(getattr(writer, "_async_writer", writer), "_closed", False))


def _file_of(writer: Any) -> str | None:
    """The event file of a writer of either package."""
    name = getattr(getattr(writer, "_ev_writer", writer), "_file_name", None)
    return os.path.normpath(working_directory() / name) if isinstance(name, str) else None


def _open_event_files() -> set[str]:
    """The event files that this process has open, as far as the system lists open files."""
    found = set()
    for descriptor in glob.glob("/proc/self/fd/*"):  # noqa: PTH207 - texts, like the others
        with contextlib.suppress(OSError):
            path = os.readlink(descriptor)  # noqa: PTH115
            if os.path.isabs(path) and is_event_file(os.path.basename(path)):  # noqa: PTH117, PTH119
                found.add(path)
    return found
