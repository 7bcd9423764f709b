"""CartPole with videos: they are in the run, without a line of code for it."""

import gymnasium
from gymnasium.wrappers import RecordEpisodeStatistics, RecordVideo

import runsettings

run = runsettings.init(project="cartpole", mode="offline", monitor_gym=True)

env = gymnasium.make("CartPole-v1", render_mode="rgb_array")
env = RecordVideo(RecordEpisodeStatistics(env), "videos", episode_trigger=lambda _: True)
for episode in range(2):
    env.reset(seed=episode)
    ended = False
    while not ended:
        _, _, terminated, truncated, _ = env.step(0)
        ended = terminated or truncated
env.close()

run.finish()
for row in runsettings.read_history(run.journal_path):
    print({key: value for key, value in row.items() if not key.startswith("_")})
