"""JUnit XML for CI servers."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from junitparser import Failure, JUnitXml

from runsettings.checks.reporters.junit import report


def cases(text: str):
    """The test cases, as junitparser reads them."""
    return [case for suite in JUnitXml.fromstring(text.encode()) for case in suite]


def test_there_is_a_case_for_each_thing_that_was_looked_at(ordinary):
    """Also for those that are clean."""
    found = cases(report(ordinary, ["settings", "train.yaml", "clean.yaml", "my configs/a b.yaml"]))
    assert [(case.name, case.is_passed) for case in found] == [
        ("settings", True),
        ("train.yaml", False),
        ("clean.yaml", True),
        ("my configs/a b.yaml", True),
    ]


def test_a_failure_tells_rule_sentence_and_line(ordinary):
    """Its type is the rule, and its text the whole diagnostic."""
    (failure,) = next(
        case for case in cases(report(ordinary, ["train.yaml"])) if case.result
    ).result
    assert isinstance(failure, Failure)
    assert failure.type == "bad-value"
    assert failure.message.startswith("mode: must be one of")
    assert "train.yaml:7:7" in failure.text


def test_warnings_are_output(ordinary):
    """They do not fail a case."""
    (case,) = [case for case in cases(report(ordinary, ["settings"])) if case.name == "settings"]
    assert "WANDB_PROJCT" in case.system_out


def test_counts_are_those_of_the_cases(ordinary):
    """The suite says how many failed."""
    suites = JUnitXml.fromstring(report(ordinary, ["settings", "train.yaml"]).encode())
    assert (suites.tests, suites.failures, suites.errors) == (2, 1, 0)


def test_hostile_texts_make_no_elements(attacks, hostile):
    """The document has our elements and no others, and parses."""
    root = ET.fromstring(report(attacks, [hostile, "settings"]))
    tags = {element.tag for element in root.iter()}
    assert tags == {"testsuites", "testsuite", "testcase", "failure", "system-out"}
