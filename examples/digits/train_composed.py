"""Train with a config of several files: a file uses others, has a profile, and refers to keys.

Try it, from this directory:

    python train_composed.py --mode offline --run-name slow
    python train_composed.py --mode offline --run-name fast --profile night --set optim.lr=2.0
    runsettings check composed/train.yaml --model train_typed:Train
    runsettings explain optim --config composed/train.yaml --model train_typed:Train
    runsettings runs diff slow fast --why
"""

import train_typed

if __name__ == "__main__":
    train_typed.main("composed/train.yaml")
