"""``monitor_gym``: videos and episodes of Gymnasium are in the run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runsettings.journal.reader import read_history
from runsettings.journal.replay import load_run

gymnasium = pytest.importorskip("gymnasium", reason="the package that is monitored")
np = pytest.importorskip("numpy", reason="its observations")


class Corridor(gymnasium.Env):
    """An environment whose episodes have three steps, with a reward of 1 for each."""

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 30}
    render_mode = "rgb_array"
    observation_space = gymnasium.spaces.Discrete(4)
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        """Begin an episode."""
        super().reset(seed=seed)
        self.at = 0
        return self.at, {}

    def step(self, action):
        """Go on by one."""
        self.at += 1
        return self.at, 1.0, self.at == 3, False, {}

    def render(self):
        """A picture of where it is."""
        return np.full((16, 16, 3), 60 * self.at, dtype=np.uint8)


def play(env, episodes=2):
    """Play whole episodes."""
    for _ in range(episodes):
        env.reset()
        while not env.step(0)[2]:
            pass


def rows(run):
    """The rows without the keys that every row has."""
    return [
        {key: value for key, value in row.items() if key != "_timestamp"}
        for row in read_history(run.journal_path)
    ]


def test_the_steps_at_the_end_are_those_of_the_listing(begin, capsys):
    """Episodes count as rows, and the rows of `log` beside them, also after a resume."""
    for start, steps in enumerate((3, 6)):
        run = begin(monitor_gym=True, name="n", id="i", resume="allow", settings={"quiet": False})
        run.log({"a": 1}, step=100 * (start + 1))
        play(gymnasium.wrappers.RecordEpisodeStatistics(Corridor()))
        run.finish()
        assert f"run n (i) finished after {steps} steps: " in capsys.readouterr().err
        assert load_run(run.journal_path).rows == steps


def test_episodes_are_rows_of_their_own(begin):
    """The script's own steps are as without them."""
    run = begin(monitor_gym=True)
    run.log({"loss": 1}, step=5)
    play(gymnasium.wrappers.RecordEpisodeStatistics(Corridor()))
    run.log({"loss": 2}, step=5)
    assert run.step == 5
    run.finish()
    assert rows(run) == [
        {"_step": 5, "loss": 1},
        {"_step": 1, "episode/return": 3.0, "episode/length": 3},
        {"_step": 2, "episode/return": 3.0, "episode/length": 3},
        {"_step": 5, "loss": 2},
    ]
    assert run.summary["episode/return"] == 3


def test_environments_of_a_vector_are_told_apart(begin):
    """Those that end in one step are one row each."""
    run = begin(monitor_gym=True)
    envs = gymnasium.vector.SyncVectorEnv([Corridor] * 2)
    envs = gymnasium.wrappers.vector.RecordEpisodeStatistics(envs)
    envs.reset()
    for _ in range(3):
        envs.step([0, 0])
    run.finish()
    assert [row["episode/length"] for row in rows(run)] == [3, 3]


def test_statistics_in_arrays_of_one_are_recorded(begin):
    """As those of Gymnasium before 1.0 are, of an environment that is no vector."""
    original = gymnasium.wrappers.RecordEpisodeStatistics.step

    def earlier(wrapper: Any, action: int) -> Any:
        *others, info = original(wrapper, action)
        if "episode" in info:
            info["episode"] = {key: np.array([value]) for key, value in info["episode"].items()}
        return *others, info

    gymnasium.wrappers.RecordEpisodeStatistics.step = earlier
    try:
        run = begin(monitor_gym=True)
        play(gymnasium.wrappers.RecordEpisodeStatistics(Corridor()), 1)
        run.finish()
    finally:
        gymnasium.wrappers.RecordEpisodeStatistics.step = original
    assert [row["episode/return"] for row in rows(run)] == [3.0]


@pytest.fixture
def videos(jail):
    """Gymnasium's wrapper, which needs moviepy."""
    pytest.importorskip("moviepy", reason="it writes the videos")
    return gymnasium.wrappers.RecordVideo


@pytest.mark.filterwarnings("ignore")
def test_each_video_is_saved_once_and_has_a_row(begin, videos):
    """Of several environments at once, also of those in a vector."""
    run = begin(monitor_gym=True)
    one = videos(Corridor(), "videos/one", episode_trigger=lambda _: True)
    two = videos(Corridor(), "videos/two", name_prefix="best", step_trigger=lambda at: at == 1)
    play(one)
    play(two, 1)
    one.close()
    two.close()
    run.finish()
    names = [f"videos/one/rl-video-episode-{episode}.mp4" for episode in (0, 1)]
    names.append("videos/two/best-step-1.mp4")
    assert sorted(load_run(run.journal_path).files) == names
    found = [row["videos/one/rl-video"] for row in rows(run) if "videos/one/rl-video" in row]
    assert [(row["file"], row["episode"], row["length"]) for row in found] == [
        (names[0], 0, 4),
        (names[1], 1, 4),
    ]
    (row,) = [row["videos/two/best"] for row in rows(run) if "videos/two/best" in row]
    assert (row["episode"], row["step"]) == (0, 2)


def test_the_example_runs(jail):
    """As the guide shows it: two episodes of CartPole, with a video of each."""
    pytest.importorskip("moviepy", reason="it writes the videos")
    pytest.importorskip("pygame", reason="it draws CartPole")
    example = Path(__file__).parents[2] / "examples" / "integrations" / "play_cartpole.py"
    done = subprocess.run(
        [sys.executable, example],
        cwd=jail.cwd,
        env={**os.environ, "SDL_VIDEODRIVER": "dummy"},
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    assert done.stdout.count("'episode/length'") == 2
    (journal,) = jail.cwd.glob("wandb/*run-*/run-*.jsonl")
    assert sum(name.endswith(".mp4") for name in load_run(journal).files) == 2


def test_the_wrappers_are_as_before_after_the_end(begin):
    """And a failure of ours is one warning."""
    kind = gymnasium.wrappers.RecordVideo
    original, finders = kind.stop_recording, list(sys.meta_path)
    run = begin(monitor_gym=True)
    assert kind.stop_recording is not original
    run.finish()
    assert kind.stop_recording is original
    assert sys.meta_path == finders


def test_a_failure_is_one_warning(begin, capfd, monkeypatch):
    """The environment returns what it returns without us."""
    run = begin(monitor_gym=True, settings={"disable_git": True})
    monkeypatch.setattr("runsettings.integrations.gymnasium.record_row", lambda *_: 1 / 0)
    env = gymnasium.wrappers.RecordEpisodeStatistics(Corridor())
    play(env)
    assert env.step(0)[1] == 1.0
    run.finish()
    (line,) = [line for line in capfd.readouterr().err.splitlines() if "monitor_gym" in line]
    assert "monitor_gym: ZeroDivisionError" in line
