"""The project with OmegaConf."""

import dataclasses
import json
import sys

from omegaconf import OmegaConf


@dataclasses.dataclass
class Optim:
    """The optimizer."""

    lr: float = 0.1
    warmup: int = 0


@dataclasses.dataclass
class Train:
    """The config."""

    epochs: int = 90
    steps: int = 100
    optim: Optim = dataclasses.field(default_factory=Optim)


def main() -> None:
    """Train."""
    files = [OmegaConf.load(name) for name in ("base.yaml", "long.yaml")]
    words = OmegaConf.from_dotlist(sys.argv[1:])
    config = OmegaConf.merge(OmegaConf.structured(Train), *files, words)
    OmegaConf.set_readonly(config, True)
    print(json.dumps(OmegaConf.to_container(config, resolve=True)))


if __name__ == "__main__":
    main()
