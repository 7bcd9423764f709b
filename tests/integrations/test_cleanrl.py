"""CleanRL's call of `init`, with a writer of tensorboardX and CartPole with RecordVideo."""

from __future__ import annotations

from pathlib import Path

import pytest

from runsettings.journal.reader import read_history
from runsettings.journal.replay import load_run


def test_the_call_of_cleanrl_records_everything(script, jail):
    """Config, each scalar once at its own step, videos, and the code."""
    for package in ("tensorboardX", "google_crc32c", "gymnasium", "moviepy", "pygame"):
        pytest.importorskip(package, reason="the script of CleanRL has it")
    done = script(
        """
        import argparse
        import gymnasium as gym
        from tensorboardX import SummaryWriter
        parser = argparse.ArgumentParser()
        parser.add_argument("--seed", type=int, default=1)
        args = parser.parse_args()
        run = begin(project="cleanRL", sync_tensorboard=True, config=vars(args), name="CartPole-v1",
            monitor_gym=True, save_code=True)
        writer = SummaryWriter("runs/CartPole-v1")
        writer.add_text("hyperparameters", "|seed|1|")
        env = gym.make("CartPole-v1", render_mode="rgb_array")
        env = gym.wrappers.RecordVideo(env, "videos/CartPole-v1", episode_trigger=lambda _: True)
        env = gym.wrappers.RecordEpisodeStatistics(env)
        global_step = 0
        for episode in range(2):
            env.reset(seed=args.seed)
            ended = False
            while not ended:
                *_, terminated, truncated, info = env.step(0)
                global_step += 1
                ended = terminated or truncated
            writer.add_scalar("charts/episodic_return", info["episode"]["r"], global_step)
        env.close()
        writer.close()
        print(run.journal_path)
        """
    )
    assert done.returncode == 0, done.stderr
    journal = Path(done.stdout.strip().splitlines()[-1])
    run, rows = load_run(journal), list(read_history(journal))
    assert run.config == {"seed": 1}
    returns = [row["episode/return"] for row in rows if "episode/return" in row]
    found = [row for row in rows if "charts/episodic_return" in row]
    assert [row["charts/episodic_return"] for row in found] == returns
    assert [row["_step"] for row in found] == [returns[0], sum(returns)]
    assert sum("videos/CartPole-v1/rl-video" in row for row in rows) == 2
    kinds = {name.partition("/")[0] for name in run.files}
    assert kinds == {"code", "runs", "videos"}
    assert sum(name.endswith(".mp4") for name in run.files) == 2
