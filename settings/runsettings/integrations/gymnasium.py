"""``monitor_gym``: logs the videos and episodes that Gymnasium's wrappers record."""

from __future__ import annotations

import functools
import glob
import importlib.util
import os
import weakref
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from runsettings.documents.paths import working_directory
from runsettings.integrations.patching import Patches
from runsettings.integrations.rows import record_row
from runsettings.models.settings import Settings
from runsettings.runs.recording.run import Run

EXTRA: Final = "gymnasium"

_VIDEOS: Final = {
    "gymnasium.wrappers.rendering": ("start_recording", "stop_recording"),
    "gymnasium.wrappers.vector.rendering": ("start_recording", "stop_recording"),
    "gymnasium.wrappers.record_video": ("start_video_recorder", "close_video_recorder"),
}
"""Modules with the class ``RecordVideo``, and its methods that begin and write a video. The last
module is that of Gymnasium before 1.0."""

_STATISTICS: Final = (
    "gymnasium.wrappers.common",
    "gymnasium.wrappers.vector.common",
    "gymnasium.wrappers.record_episode_statistics",
)
"""Modules with the class ``RecordEpisodeStatistics``."""


def missing(_settings: Settings) -> str | None:
    """Return the package that must be installed, or ``None`` if nothing is missing."""
    return None if importlib.util.find_spec("gymnasium") else "gymnasium"


def attach(run: Run) -> Callable[[], None]:
    """Record videos and episodes until the end of the run.

    Args:
        run: The run.

    Returns:
        A function that removes the patches.
    """
    monitor = _Monitor(run)
    patches = Patches(monitor.complain)
    patches.install(
        {
            **{
                name: functools.partial(monitor.patch_videos, patches, *methods)
                for name, methods in _VIDEOS.items()
            },
            **dict.fromkeys(_STATISTICS, functools.partial(monitor.patch_statistics, patches)),
        }
    )
    return patches.remove


class _Monitor:
    """Logs the videos and episodes of the wrappers in one process.

    Args:
        run: The run.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._episodes: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        """The episode in which each wrapper began its video; it may be over before the write."""

    def patch_videos(self, patches: Patches, begin: str, end: str, module: ModuleType) -> None:
        """Record each video after it is written.

        Args:
            patches: The patches.
            begin: The name of the method that begins a video.
            end: The name of the method that writes a video.
            module: The module with ``RecordVideo``.
        """

        def beginning(original: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(original)
            def start(wrapper: Any, *args: Any, **kwargs: Any) -> Any:
                self._episodes[wrapper] = int(wrapper.episode_id)
                return original(wrapper, *args, **kwargs)

            return start

        def recording(original: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(original)
            def stop(wrapper: Any, *args: Any, **kwargs: Any) -> Any:
                before = self._guarded(_video_of, wrapper)
                result = original(wrapper, *args, **kwargs)
                if before is not None:
                    self._guarded(self._record_video, wrapper, *before)
                return result

            return stop

        patches.replace(module.RecordVideo, begin, beginning)
        patches.replace(module.RecordVideo, end, recording)

    def patch_statistics(self, patches: Patches, module: ModuleType) -> None:
        """Record each episode when it ends.

        Args:
            patches: The patches.
            module: The module with ``RecordEpisodeStatistics``.
        """

        def recording(original: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(original)
            def step(wrapper: Any, *args: Any, **kwargs: Any) -> Any:
                result = original(wrapper, *args, **kwargs)
                self._guarded(self._record_episodes, wrapper, result[-1])
                return result

            return step

        patches.replace(module.RecordEpisodeStatistics, "step", recording)

    def complain(self, error: object) -> None:
        """Warn of a failure, once."""
        if not self._run._foreign:
            self._run._warn_once("monitor_gym", f"monitor_gym: {error!r}")

    def _guarded(self, action: Callable[..., Any], *args: Any) -> Any:
        try:
            return action(*args)
        except Exception as error:  # noqa: BLE001 - the environment must work; it is reported
            self.complain(error)
            return None

    def _record_video(self, wrapper: Any, path: str, length: int) -> None:
        if not os.path.isfile(path):  # noqa: PTH113 - there was no video to write
            return
        run, cwd = self._run, working_directory()
        name = Path(path).relative_to(cwd).as_posix() if Path(path).is_relative_to(cwd) else None
        run._files.save(glob.escape(path), None, cwd, "now")
        key = os.path.dirname(name or Path(path).name)  # noqa: PTH120
        prefix = str(getattr(wrapper, "name_prefix", "video"))
        step, episode = int(wrapper.step_id), self._episodes.get(wrapper, wrapper.episode_id)
        video = {"file": name or Path(path).name, "episode": episode, "step": step}
        data = {"/".join(filter(None, (key, prefix))): {**video, "length": length}}
        record_row(run, data, step, path, os.stat(path).st_size)  # noqa: PTH116

    def _record_episodes(self, wrapper: Any, info: Any) -> None:
        """Record the episodes that ended in one step of an environment or a vector environment."""
        key = getattr(wrapper, "_stats_key", "episode")
        if key not in info:
            return
        found, ended = info[key], info.get(f"_{key}")
        episodes = (
            [(found["r"], found["l"])]
            if ended is None
            else [(found["r"][at], found["l"][at]) for at, is_over in enumerate(ended) if is_over]
        )
        for total, length in episodes:
            source = f"gymnasium:{os.getpid()}"
            number = self._run._stored.sources.get(source, 0) + 1
            self._run._stored.sources[source] = number
            data = {
                "episode/return": float(_item(total)),
                "episode/length": int(_item(length)),
            }
            record_row(self._run, data, number, source, number)


def _item(value: Any) -> Any:
    """The number in a value: before 1.0, the statistics of one environment are arrays of one."""
    return value.item() if hasattr(value, "item") else value


def _video_of(wrapper: Any) -> tuple[str, int] | None:
    """The path that a wrapper is about to write, and the number of frames."""
    frames = wrapper.recorded_frames
    if hasattr(wrapper, "stop_recording"):
        if not frames or wrapper._video_name is None:
            return None
        name = f"{wrapper._video_name}.mp4"
        return os.path.join(wrapper.video_folder, name), len(frames)  # noqa: PTH118
    recorder = wrapper.video_recorder
    if not wrapper.recording or recorder is None or not recorder.enabled:
        return None
    return os.path.abspath(recorder.path), len(recorder.recorded_frames)  # noqa: PTH100
