"""placeholder until the layer lands"""

from pathlib import Path


def site_directory() -> Path:
    return Path("/etc/xdg")
