"""Hold LayeredSettings to pydantic-settings' own tests: ``make compat``.

For each version it gets the sdist of pydantic-settings with pip, installs what the tests need
into an environment of its own, and runs the tests with BaseSettings (once, the outcome is kept)
and with LayeredSettings in its place. What only fails with LayeredSettings must be in
``differences.toml``, and what is there must fail. Nothing of the tests is copied. Our own tests
of the options of pydantic-settings, `OPTIONS`, run with each version too.

Without arguments it takes the oldest version that pyproject.toml allows, and the one of
``.ci/constraints.txt``, which is the newest that fitted when that file was made. A version is
tested with the pydantic of its time: the oldest with the oldest.

Where a sdist or an environment cannot be had, it says so and skips; under CI that is a failure.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NamedTuple

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
CACHE: Final = ROOT / ".venv" / "compat"
DIFFERENCES: Final = HERE / "differences.toml"
CONSTRAINTS: Final = ROOT / ".ci" / "constraints.txt"

OPTIONS: Final = ROOT / "tests" / "models" / "test_pydantic_options.py"

UNSORTED: Final = "unsorted"
"""The kind that ``--write`` gives to failures nobody has given a reason for."""

TESTED: Final = ("pydantic-settings", "pydantic")
"""The packages whose versions differ between the environments."""

INSTALLING: Final = 900
"""Seconds until an installation counts as failed: no network answers slowly for ever."""

RUNNING: Final = 600
"""Seconds until a run of the tests counts as failed; it takes about half a minute."""

NODE: Final = re.compile(r"[^\[]+")


class UnavailableError(Exception):
    """Something that comes over the network cannot be had."""


class Outcome(NamedTuple):
    """What became of one test.

    Attributes:
        result: ``passed``, ``failed`` or ``skipped``.
        message: The message of a failure.
    """

    result: str
    message: str


class Difference(NamedTuple):
    """One kind of expected difference.

    Attributes:
        kind: Its short name.
        reason: Why the tests fail.
        docs: The words of ``docs/migrating.md`` that tell a user.
        tests: The tests, by version; under ``""`` those that fail in every version that has
            them. A test without a parameter stands for all its parameters.
    """

    kind: str
    reason: str
    docs: str
    tests: dict[str, list[str]]

    def of(self, version: str) -> set[str]:
        """The tests that are expected to fail in ``version``."""
        return {*self.tests.get("", ()), *self.tests.get(version, ())}


class Subject:
    """One version of pydantic-settings: its tests and an environment to run them in.

    Args:
        version: The version.
        project: The content of pyproject.toml.
    """

    def __init__(self, version: str, project: dict[str, Any]) -> None:
        self.version = version
        self.place = CACHE / version
        self.tests = self.place / f"pydantic_settings-{version}"
        self.python = str(self.place / "venv" / "bin" / "python")
        self.pins = self._pins()
        wanted = [*project["dependencies"], *project["optional-dependencies"]["compat"]]
        self.requirements = sorted(
            {*wanted, *(f"{name}=={pin}" for name, pin in self.pins.items())}
        )

    def _pins(self) -> dict[str, str]:
        """The versions of `TESTED` packages in this environment."""
        with_oldest = self.version == oldest("pydantic-settings")
        pydantic = oldest("pydantic") if with_oldest else constrained()["pydantic"]
        return {"pydantic-settings": self.version, "pydantic": pydantic}

    def prepare(self) -> None:
        """Get the tests and make the environment, unless both are there.

        Raises:
            UnavailableError: pip cannot have one of them.
        """
        self.place.mkdir(parents=True, exist_ok=True)
        lines = [
            line
            for line in CONSTRAINTS.read_text().splitlines()
            # Their versions are given, and that of pydantic-core follows from pydantic's.
            if line.partition("==")[0] not in {*TESTED, "pydantic_core"}
        ]
        wanted = "\n".join([sys.version, *self.requirements, *lines])
        stamp = self.place / "stamp"
        digest = hashlib.sha256(wanted.encode()).hexdigest()
        if stamp.is_file() and stamp.read_text() == digest and self.tests.is_dir():
            return
        say(f"{self.version}: getting the tests and what they need")
        stamp.unlink(missing_ok=True)
        self.baseline.unlink(missing_ok=True)
        if not Path(self.python).exists():  # a link to a Python that has gone does not exist
            shutil.rmtree(self.place / "venv", ignore_errors=True)
            venv.create(self.place / "venv", with_pip=True)
        constraints = self.place / "constraints.txt"
        constraints.write_text("\n".join(lines) + "\n")
        self._pip("install", *self.requirements, constraints=constraints)
        if not self.tests.is_dir():
            package = f"pydantic-settings=={self.version}"
            downloads = ("--dest", str(self.place), "--no-deps", "--no-binary", ":all:")
            self._pip("download", *downloads, package, constraints=constraints)
            with tarfile.open(self.place / f"{self.tests.name}.tar.gz") as archive:
                archive.extractall(self.place, filter="data")
        stamp.write_text(digest)

    def _pip(self, command: str, *arguments: str, constraints: Path) -> None:
        """Run pip in this environment.

        Raises:
            UnavailableError: It fails.
        """
        full = [self.python, "-m", "pip", "--quiet", "--disable-pip-version-check", command]
        environ = {**os.environ, "PIP_CONSTRAINT": str(constraints)}
        try:
            done = subprocess.run(
                [*full, *arguments],
                env=environ,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=INSTALLING,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UnavailableError(f"pip {command} took more than {INSTALLING} s") from None
        if done.returncode != 0:
            raise UnavailableError(f"pip {command}: {done.stdout.strip().splitlines()[-1]}")

    @property
    def baseline(self) -> Path:
        """The outcomes with BaseSettings, which our code has no part in."""
        return self.place / "base.json"

    def outcomes(self, base: str) -> dict[str, Outcome]:
        """What becomes of each test with ``base`` (``base`` or ``layered``)."""
        file = self.place / f"{base}.json"
        if base == "layered" or not file.is_file():
            self._run(base, file)
        return {test: Outcome(*found) for test, found in json.loads(file.read_text()).items()}

    def options_that_differ(self) -> list[str]:
        """What our own tests say of options that this version does not follow as they do."""
        done = self._pytest("--tb=line", str(OPTIONS), directory=ROOT)
        if done.returncode == 0:
            return []
        return [f"{self.version}: an option is not followed", done.stdout[-4000:]]

    def _run(self, base: str, file: Path) -> None:
        """Run pydantic-settings' tests, and write the outcome of each to ``file``."""
        file.unlink(missing_ok=True)
        done = self._pytest(
            *("-p", "swapped_base", f"--base={base}", f"--outcomes={file}"),
            # An object that is collected late would count against whatever test runs then.
            *("-p", "no:unraisableexception", "--tb=line"),
            # An old version's tests do what pytest has since deprecated.
            *("-W", "ignore:Passing a non-Collection iterable", "tests"),
            directory=self.tests,
        )
        if not file.is_file() or done.returncode not in (0, 1):
            sys.exit(f"{self.version}: the tests cannot be run\n{done.stdout[-4000:]}")

    def _pytest(self, *arguments: str, directory: Path) -> subprocess.CompletedProcess[str]:
        """Run pytest in a process of its own, far from this shell's variables."""
        home = self.place / "home"
        home.mkdir(exist_ok=True)
        kept = ("PATH", "LANG", "LC_ALL", "TMPDIR")
        environ = {name: os.environ[name] for name in kept if name in os.environ}
        environ["HOME"] = str(home)
        environ["PYTHONPATH"] = os.pathsep.join([str(HERE), str(ROOT / "settings")])
        command = [self.python, "-m", "pytest", "-q", "-n", "auto", "--dist", "worksteal"]
        return subprocess.run(
            [*command, "-p", "no:cacheprovider", *arguments],
            cwd=directory,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RUNNING,
            check=False,
        )


def main() -> None:
    """Test each version and tell what differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("versions", nargs="*", help="versions of pydantic-settings")
    parser.add_argument(
        "--write",
        action="store_true",
        help="write differences.toml anew: drop what passes, add what fails as unsorted",
    )
    options = parser.parse_args()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    newest = constrained()["pydantic-settings"]
    versions = options.versions or dict.fromkeys([oldest("pydantic-settings"), newest])
    subjects, missing = available([Subject(version, project) for version in versions])
    differences = read_differences()
    results = {}
    for subject in subjects:
        base, layered = subject.outcomes("base"), subject.outcomes("layered")
        passing = {test for test, outcome in base.items() if outcome.result == "passed"}
        failed = {
            test: layered[test].message if test in layered else "it was not run"
            for test in passing
            if test not in layered or layered[test].result != "passed"
        }
        say(
            f"{subject.version}: {len(passing)} of {len(base)} tests pass with BaseSettings; "
            f"with LayeredSettings {len(passing) - len(failed)} passed of {len(passing)} that "
            "BaseSettings passes"
        )
        results[subject.version] = (passing, failed)
    if options.write:
        DIFFERENCES.write_text(written(differences, results))
        return
    wrong = [
        line for version in results for line in compared(version, differences, *results[version])
    ]
    wrong += without_reason(differences)
    wrong += [line for subject in subjects for line in subject.options_that_differ()]
    for line in wrong:
        say(line)
    if wrong:
        say("mend the library, or edit tests/compat/differences.toml (run.py --write does)")
    sys.exit(1 if wrong or (missing and os.environ.get("CI")) else 0)


def say(line: str) -> None:
    """Print a line at once, before what it announces."""
    print(line, flush=True)


def available(subjects: Sequence[Subject]) -> tuple[list[Subject], list[Subject]]:
    """Those that can be tested, and those that cannot."""

    def prepared(subject: Subject) -> bool:
        try:
            subject.prepare()
        except UnavailableError as error:
            say(f"{subject.version}: skipped, it cannot be had: {error}")
            return False
        return True

    with ThreadPoolExecutor() as pool:
        found = dict(zip(subjects, pool.map(prepared, subjects), strict=True))
    return [s for s in subjects if found[s]], [s for s in subjects if not found[s]]


def constrained() -> dict[str, str]:
    """The versions in ``.ci/constraints.txt``, by package."""
    lines = [line for line in CONSTRAINTS.read_text().splitlines() if "==" in line]
    return dict(line.split("==") for line in lines)


def oldest(package: str) -> str:
    """The oldest version of ``package`` that pyproject.toml allows, with three numbers."""
    text = (ROOT / "pyproject.toml").read_text()
    for requirement in tomllib.loads(text)["project"]["dependencies"]:
        found = re.fullmatch(rf"{package}>=([\d.]+),.*", requirement)
        if found:
            return ".".join([*found[1].split("."), "0", "0"][:3])
    raise LookupError(f"pyproject.toml gives {package} no lower bound")


def read_differences() -> list[Difference]:
    """The content of ``differences.toml``."""
    content = tomllib.loads(DIFFERENCES.read_text()) if DIFFERENCES.is_file() else {}
    return [
        Difference(
            kind=entry.pop("kind"),
            reason=entry.pop("reason"),
            docs=entry.pop("docs"),
            tests={
                name.removeprefix("tests").removeprefix("-"): ids for name, ids in entry.items()
            },
        )
        for entry in content.get("difference", [])
    ]


def compared(
    version: str, differences: Sequence[Difference], passing: set[str], failed: dict[str, str]
) -> list[str]:
    """What is not as ``differences.toml`` has it, by kind of message."""
    expected = {test for difference in differences for test in difference.of(version)}
    lines = []
    unexpected = defaultdict(list)
    for test, message in failed.items():
        if test not in expected and function_of(test) not in expected:
            unexpected[message.partition("\n")[0][:150]].append(test)
    for message, tests in sorted(unexpected.items(), key=lambda item: -len(item[1])):
        lines.append(f"{version}: fails, and is not expected to: {message}")
        lines += [f"    {test}" for test in sorted(tests)]
    passed = sorted((passing - failed.keys()) & {*expected, *whole(passing, expected)})
    if passed:
        lines.append(f"{version}: passes, and is expected to fail")
        lines += [f"    {test}" for test in passed]
    return lines


def whole(passing: Iterable[str], expected: set[str]) -> set[str]:
    """The tests that an expected test without its parameter stands for."""
    return {test for test in passing if function_of(test) in expected}


def function_of(test: str) -> str:
    """The test without its parameter."""
    found = NODE.match(test)
    return found[0] if found else test


def without_reason(differences: Sequence[Difference]) -> list[str]:
    """A complaint if anything is listed that nobody has given a reason for."""
    return [
        f"differences.toml: {sum(map(len, difference.tests.values()))} tests are {UNSORTED}"
        for difference in differences
        if difference.kind == UNSORTED
    ]


def written(
    differences: Sequence[Difference], results: dict[str, tuple[set[str], dict[str, str]]]
) -> str:
    """``differences.toml`` as the results have it: nothing that passes, all that fails."""
    kinds = {difference.kind: difference for difference in differences}
    kinds.setdefault(UNSORTED, Difference(UNSORTED, "Nobody has looked at these yet.", "", {}))
    kind_of: dict[str, str] = {}
    for difference in differences:
        for test in (test for ids in difference.tests.values() for test in ids):
            kind_of[test] = difference.kind
    found: dict[str, dict[str, set[str]]] = {kind: defaultdict(set) for kind in kinds}
    for version, (passing, failed) in results.items():
        for test in failed:
            kind = kind_of.get(test) or kind_of.get(function_of(test)) or UNSORTED
            found[kind][version].add(test)
        for by_version in found.values():
            by_version[version] = shortened(by_version[version], passing)
    lines = [HEADER]
    for kind, by_version in found.items():
        everywhere = common(by_version, results)
        if not any(by_version.values()):
            continue
        lines += [
            "",
            "[[difference]]",
            f'kind = "{kind}"',
            f"reason = {json.dumps(kinds[kind].reason)}",
            f"docs = {json.dumps(kinds[kind].docs)}",
        ]
        lines += listed("tests", everywhere)
        for version, tests in by_version.items():
            lines += listed(f'"tests-{version}"', tests - everywhere)
    return "\n".join(lines) + "\n"


def shortened(tests: set[str], passing: set[str]) -> set[str]:
    """The tests, without parameters where all parameters of one are among them."""
    counts: dict[str, int] = defaultdict(int)
    for test in passing:
        counts[function_of(test)] += 1
    for test in tests:
        counts[function_of(test)] -= 1
    return {test if counts[function_of(test)] else function_of(test) for test in tests}


def common(
    by_version: dict[str, set[str]], results: dict[str, tuple[set[str], dict[str, str]]]
) -> set[str]:
    """The tests that fail in every version that has them."""
    return {
        test
        for tests in by_version.values()
        for test in tests
        if all(
            test in by_version[version] or not {test, *whole(passing, {test})} & passing
            for version, (passing, _) in results.items()
        )
    }


def listed(name: str, tests: Iterable[str]) -> list[str]:
    """An array of TOML, one test a line."""
    lines = [f"  {json.dumps(test, ensure_ascii=False)}," for test in sorted(tests)]
    return [f"{name} = [", *lines, "]"] if lines else []


HEADER: Final = """\
# The tests of pydantic-settings that pass with BaseSettings and fail with LayeredSettings.
#
# `make compat` fails where a test fails that is not here, and where one passes that is.
# `tests` fail in every version that has them, `tests-2.12.0` in that one. A test without its
# parameter stands for all of its parameters. `run.py --write` writes the lists anew."""


if __name__ == "__main__":
    main()
