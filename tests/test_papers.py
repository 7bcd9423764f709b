"""The forms, workflows and papers of the repository, as far as they can be tried without a host."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
import yaml

import runsettings

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))


def schema(name):
    """A published JSON Schema that check-jsonschema ships."""
    pytest.importorskip("check_jsonschema")
    place = resources.files("check_jsonschema.builtin_schemas.vendor")
    return json.loads(place.joinpath(f"{name}.json").read_text(encoding="utf-8"))


def read(path):
    """A YAML file as GitHub reads it: `on` is a key, and a date is a text."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        *((path, "github-workflows") for path in WORKFLOWS),
        (ROOT / "action.yml", "github-actions"),
        (GITHUB / "ISSUE_TEMPLATE" / "bug.yml", "github-issue-forms"),
        (GITHUB / "ISSUE_TEMPLATE" / "feature.yml", "github-issue-forms"),
        (GITHUB / "ISSUE_TEMPLATE" / "config.yml", "github-issue-config"),
        (ROOT / "CITATION.cff", "citation-file-format"),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else None,
)
def test_a_form_satisfies_the_published_schema(path, name):
    """Each file has the form that its reader expects."""
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    if True in found:
        found["on"] = found.pop(True)  # YAML 1.1 reads the key `on` as a boolean
    jsonschema.Draft7Validator(schema(name)).validate(found)


def released():
    """The steps of the build of a release."""
    return read(GITHUB / "workflows" / "release.yml")["jobs"]["build"]["steps"]


def test_a_release_builds_checks_and_attests():
    """What is checked is what is attested and published, by a job that alone may do so."""
    jobs = read(GITHUB / "workflows" / "release.yml")["jobs"]
    commands = [step["run"] for step in jobs["build"]["steps"] if "run" in step]
    assert "python -m build --outdir dist" in commands
    assert "python -m twine check --strict dist/*" in commands
    assert "permissions" not in jobs["build"]
    assert jobs["publish"]["needs"] == "build"
    assert jobs["publish"]["permissions"]["id-token"] == "write"
    used = [step["uses"].partition("@")[0] for step in jobs["publish"]["steps"]]
    assert used[-2:] == ["actions/attest-build-provenance", "pypa/gh-action-pypi-publish"]


def test_a_release_of_this_version_may_be_tagged():
    """The version, the changelog and the citation name the same version as the tag."""
    (command,) = (step["run"] for step in released() if "released_version" in step.get("run", ""))
    tag = {**os.environ, "GITHUB_REF_NAME": f"v{runsettings.__version__}"}
    command = command.replace("python ", f"{sys.executable} ", 1)
    subprocess.run(["sh", "-c", command], cwd=ROOT, env=tag, check=True, timeout=60)


def test_a_release_with_another_tag_ends():
    """A tag that is not the version of the package is refused with both names."""
    command = [sys.executable, str(ROOT / ".ci" / "released_version.py"), "v9.9.9"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert re.search(r"the tag is v9\.9\.9, and the package is version \d", done.stderr)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_names_what_exists(path):
    """The files and make targets that a workflow runs are in the repository."""
    text = path.read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"run: make (\w+)", text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for name in re.findall(r"\.ci/[\w.]+", text):
        assert (ROOT / name).is_file(), name
