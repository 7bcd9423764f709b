"""The project with runsettings."""

import argparse
import json

import runsettings


@runsettings.exit_on_error()
def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser()
    runsettings.add_config_arguments(parser)
    config = runsettings.Config.load(["config.yaml", runsettings.parse_args(parser)])
    print(json.dumps(config.as_dict()))


if __name__ == "__main__":
    main()
