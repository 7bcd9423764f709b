"""Train with argparse: one parser has the flags of the config and those of the run.

Try it, from this directory:

    python train_argparse.py --mode offline --run-name slow
    python train_argparse.py --mode offline --run-name fast --lr 2.0
    runsettings check train.yaml --parser train_argparse:build_parser
    runsettings runs diff slow fast --why
"""

import argparse

import digits

import runsettings


def build_parser() -> argparse.ArgumentParser:
    """The parser of the script, which `runsettings check` uses too."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.1, help="learning rate")
    parser.add_argument("--momentum", type=float, default=0.0, help="from 0 to 1")
    parser.add_argument("--epochs", type=int, default=3, help="passes over the data")
    runsettings.Settings.add_arguments(parser, only=["project", "run_name", "mode"])
    return parser


@runsettings.exit_on_error()
def main() -> None:
    """Train: the file beats the defaults of the flags, and a given flag beats the file."""
    args = runsettings.parse_args(build_parser())
    settings = runsettings.Settings.resolve(args=args)
    with runsettings.init(config=["train.yaml", args], settings=settings) as run:
        print(run.config.explain("lr"))
        for metrics in digits.train(**run.config):
            run.log(metrics)


if __name__ == "__main__":
    main()
