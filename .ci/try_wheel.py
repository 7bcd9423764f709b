"""Build the sdist, the wheel from the sdist, and try the wheel where nothing else is installed.

What is tested elsewhere is the source tree; what people install is the wheel. Here it stands
in an environment of its own, with its own requirements and none of the tests', far from the
sources: a module that needs a test's package, a file that was left out, an entry point that
does not start are all found here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILD = [sys.executable, "-m", "build"]

IN_THE_WHEEL = (
    "runsettings/__init__.py",
    "runsettings/__main__.py",
    "runsettings/page/static/index.html",
    "runsettings/py.typed",
)

UPLOT = "runsettings/page/static/vendor/uplot"
FETCHED = tuple(f"{UPLOT}/{name}" for name in ("LICENSE", "uPlot.esm.js", "uPlot.min.css"))
"""What the build hook fetches with npm."""

IMPORT_EVERYTHING = """
import importlib, pkgutil, runsettings
for module in pkgutil.walk_packages(runsettings.__path__, "runsettings."):
    if not module.name.endswith("__main__"):
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:  # the rooms of extras, which are not installed here
            stores = ("sqlalchemy", "alembic", "psycopg", "wandb")
            known = (*stores, "starlette", "uvicorn", "keras", "lightning", "transformers")
            rooms = ("runsettings.shipping.", "runsettings.page.", "runsettings.integrations.")
            if error.name not in known or not module.name.startswith(rooms):
                raise
"""

SETTLE = """
import os, runsettings
from runsettings import Settings
assert "site-packages" in runsettings.__file__, runsettings.__file__
os.environ["WANDB_PROJECT"] = "capsules"
settings = Settings(run_name="first")
assert settings.project == "capsules"
assert str(settings.origin("project")) == "WANDB_PROJECT"
for name in runsettings.__all__:
    getattr(runsettings, name)
"""

ASK_EVERY_COMMAND = """
from click.testing import CliRunner
from runsettings.cli.main import cli
for name in cli.list_commands(None):
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0, (name, result.exception)
"""


CHECK = [sys.executable, "-m", "twine", "check", "--strict"]


def main() -> None:
    """Build, look inside, install, try."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        built = place / "dist"
        say("building the sdist")
        run([*BUILD, "--sdist", "--outdir", str(built), str(ROOT)], ROOT)
        (archive,) = built.glob("*.tar.gz")
        with tarfile.open(archive) as opened:
            opened.extractall(place / "sdist", filter="data")
        (sources,) = (place / "sdist").iterdir()
        say("building the wheel from the sdist, without npm")
        run([*BUILD, "--wheel", "--outdir", str(built), str(sources)], ROOT, PATH="")
        (wheel,) = built.glob("*.whl")
        look_inside(wheel, {*IN_THE_WHEEL, *FETCHED})
        say("checking both as an index would, as the release workflow does")
        run([*CHECK, str(archive), str(wheel)], ROOT)
        say("building a wheel from sources as they are in git, without npm")
        shutil.rmtree(sources / "settings" / Path(UPLOT).parent)
        run([*BUILD, "--wheel", "--outdir", str(place / "bare"), str(sources)], ROOT, PATH="")
        (bare,) = (place / "bare").iterdir()
        look_inside(bare, set(IN_THE_WHEEL))
        say("installing the wheel into a clean environment")
        venv.create(place / "venv", with_pip=True)
        python = str(place / "venv" / "bin" / "python")
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*pip, str(wheel)], ROOT)
        elsewhere = place / "elsewhere"
        elsewhere.mkdir()
        command = str(place / "venv" / "bin" / "runsettings")
        for what, trial in (
            ("import every module", [python, "-W", "error", "-c", IMPORT_EVERYTHING]),
            ("settle", [python, "-W", "error", "-c", SETTLE]),
            ("ask every command for help", [python, "-W", "error", "-c", ASK_EVERY_COMMAND]),
            ("runsettings --version", [command, "--version"]),
            ("runsettings --help", [command, "--help"]),
            ("runsettings show", [command, "show"]),
            ("python -m runsettings show", [python, "-m", "runsettings", "show", "--json"]),
        ):
            say(what)
            run(trial, elsewhere)
    say("the wheel is good")


def look_inside(wheel: Path, wanted: set[str]) -> None:
    """Check that the wheel holds what it must, and nothing else."""
    names = zipfile.ZipFile(wheel).namelist()
    missing = sorted(wanted - set(names))
    unwanted = ("package-lock.json", ".npmrc", *(name for name in FETCHED if name not in wanted))
    strange = [
        name for name in names if not name.startswith("runsettings") or name.endswith(unwanted)
    ]
    if missing or strange:
        sys.exit(f"{wheel.name} lacks {missing} and should not hold {strange}")


def run(command: list[str], cwd: Path, **more: str) -> None:
    """Run a command far from the sources; show what it printed only if it fails.

    Args:
        command: The command.
        cwd: The directory that it runs in.
        more: Variables of its environment that differ from ours.
    """
    hidden = ("PYTHONPATH", "VIRTUAL_ENV")
    environ = {k: v for k, v in os.environ.items() if k not in hidden and k[:6] != "WANDB_"}
    environ.update(more)
    environ["WANDB_CONFIG_DIR"] = str(cwd)  # the settings of who runs this are no business of it
    if "PIP_CONSTRAINT" in environ:  # it is given relative to the root
        environ["PIP_CONSTRAINT"] = str(ROOT / environ["PIP_CONSTRAINT"])
    done = subprocess.run(
        command,
        check=False,
        cwd=cwd,
        env=environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        sys.exit(f"{done.stdout}\n{' '.join(command)} exited with {done.returncode}")


def say(what: str) -> None:
    """Tell what is being done."""
    print(f"wheel: {what}", flush=True)


if __name__ == "__main__":
    main()
