"""What is recorded about surroundings, and what must not be."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata

import pytest

from runsettings.runs.capture.code import main_code
from runsettings.runs.capture.git import git_facts
from runsettings.runs.capture.notebook import notebook_file, session_notebook
from runsettings.runs.capture.packages import installed_packages


def test_packages_are_those_that_are_installed():
    """Names and versions agree with what importlib.metadata reads from the packages."""
    found = installed_packages(sys.path)
    for name in ("pydantic", "PyYAML", "pytest"):
        assert found[name.lower()] == metadata.version(name)


def test_what_is_no_directory_is_passed_over(jail):
    """An import path may name zip files and what is not there."""
    assert installed_packages(["", "missing", str(jail.write("x.zip", ""))]) == {}


def git(*arguments):
    """Run git in the working directory."""
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


def test_git_tells_commit_branch_and_dirty_state(jail):
    """Untracked files are no change."""
    git("init", "-q", "-b", "trunk", ".")
    jail.write("a.txt", "1")
    git("add", "a.txt")
    assert git_facts(jail.cwd)["commit"] is None
    git("commit", "-q", "-m", "one")
    jail.write("untracked.txt", "1")
    facts = git_facts(jail.cwd)
    assert (facts["branch"], facts["dirty"], len(facts["commit"])) == ("trunk", False, 40)
    jail.write("a.txt", "2")
    assert git_facts(jail.cwd)["dirty"] is True


def test_outside_of_a_repository_there_is_nothing_to_tell(jail):
    """Nor where git is not installed."""
    assert git_facts(jail.cwd) is None
    jail.setenv(PATH="")
    assert git_facts(jail.cwd) is None


def test_a_module_run_with_m_is_found(jail):
    """`python -m package.train` keeps the module's file under its path."""
    jail.write("pkg/__init__.py", "")
    jail.write(
        "pkg/train.py",
        "import os\nfrom pathlib import Path\n"
        "from runsettings.runs.capture.code import main_code\n"
        "print([code.name for code in main_code(Path.cwd(), os.environ)])\n",
    )
    done = subprocess.run(
        [sys.executable, "-m", "pkg.train"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "['pkg/train.py']\n"


def test_a_program_elsewhere_keeps_its_last_name(jail, monkeypatch):
    """Its folders are nobody's business."""
    path = jail.write(jail.home / "bin" / "tool.py", "code")
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(path), raising=False)
    assert main_code(jail.cwd, {}) == [("tool.py", b"code", None)]


@pytest.mark.parametrize("file", [None, "gone.py"])
def test_code_that_is_no_file_is_no_code(jail, monkeypatch, file):
    """A prompt has none."""
    monkeypatch.setattr(sys.modules["__main__"], "__file__", file, raising=False)
    assert main_code(jail.cwd, {}) == []


def test_a_notebook_is_found_where_its_front_end_says(jail):
    """The user's own word comes first; a name that is no file is passed over."""
    jail.write("a.ipynb", "{}")
    jail.write("b.ipynb", "{}")
    environ = {"WANDB_NOTEBOOK_NAME": "gone.ipynb", "JPY_SESSION_NAME": "b.ipynb"}
    assert notebook_file(environ, {"__vsc_ipynb_file__": "a.ipynb"}).name == "a.ipynb"
    assert notebook_file(environ, {}).name == "b.ipynb"
    assert notebook_file({}, {}) is None


def test_the_cells_of_a_session_are_a_notebook():
    """In the order in which they ran."""
    made = json.loads(json.dumps(session_notebook(["a = 1", "b"])))
    assert [cell["source"] for cell in made["cells"]] == ["a = 1", "b"]
    assert (made["nbformat"], made["nbformat_minor"]) == (4, 5)
