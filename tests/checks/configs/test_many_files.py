"""Many files, on several processes."""

from __future__ import annotations

import argparse

import pytest

from runsettings.checks.configs import many_files
from runsettings.checks.configs.config_file import ConfigChecks
from runsettings.checks.configs.many_files import check_config_files
from runsettings.checks.parsers.options import parser_options


@pytest.fixture
def paths(jail):
    """Forty files, each with a fault on a line of its own."""
    return [jail.write(f"c/{n:02}.yaml", "\n" * n + "a.b: 1\n") for n in range(40)]


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_every_fault_is_found_in_the_order_of_the_files(paths, jail, processes):
    """However many processes there are."""
    found = check_config_files(paths, ConfigChecks(jail.cwd), processes=processes)
    assert [fault.line for fault in found] == list(range(1, 41))


def test_a_parser_reaches_the_processes(paths, jail):
    """It cannot be pickled everywhere, and must be checked all the same."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--x", type=lambda text: text)
    checks = ConfigChecks(jail.cwd, parser=parser_options(parser))
    assert len(check_config_files(paths, checks, processes=2)) == 40


def test_processes_that_are_started_anew_find_the_same(paths, jail, monkeypatch):
    """As on platforms that cannot fork."""
    monkeypatch.setattr(many_files.sys, "platform", "darwin")
    found = check_config_files(paths, ConfigChecks(jail.cwd), processes=2)
    assert [fault.line for fault in found] == list(range(1, 41))


def test_what_cannot_travel_is_checked_here(paths, jail, monkeypatch):
    """A parser with a lambda cannot be sent to a process that is started anew."""
    monkeypatch.setattr(many_files.sys, "platform", "darwin")
    parser = argparse.ArgumentParser()
    parser.add_argument("--x", type=lambda text: text)
    checks = ConfigChecks(jail.cwd, parser=parser_options(parser))
    assert len(check_config_files(paths, checks, processes=2)) == 40


@pytest.mark.parametrize("processes", [1, 2])
def test_progress_adds_up(paths, jail, processes):
    """The last call says that all files are done, and no call goes back."""
    told: list[tuple[int, int]] = []

    def tell(done: int, total: int):
        told.append((done, total))

    check_config_files(paths, ConfigChecks(jail.cwd), processes=processes, tell=tell)
    assert told == sorted(told)
    assert told[-1] == (40, 40)


def test_few_files_are_not_worth_a_process():
    """Starting one takes longer than they do."""
    assert many_files._processes(150, None) == 1
