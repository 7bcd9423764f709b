"""The format of the journal: what is written is what is published."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from runsettings.integrations.rows import record_row
from runsettings.journal.records import journal_schema

PUBLISHED = Path(__file__).parents[2] / "schema" / "journal.schema.json"


@pytest.fixture(scope="module")
def validator():
    """Checks a record against the published schema."""
    schema = json.loads(PUBLISHED.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_published_schema_is_the_code_s():
    """Write it anew with `journal_schema` when the records change."""
    assert json.loads(PUBLISHED.read_text()) == journal_schema()


def test_every_record_that_a_run_writes_fits_the_schema(begin, jail, records, validator):
    """A run that does everything, in its first and its resumed process."""
    jail.write("a.txt", "x")
    for _ in range(2):
        run = begin(
            id="x", resume="allow", tags=["t"], config={"lr": 0.1, "n": {"a": [1]}}, notes="n"
        )
        run.define_metric("a", summary="min", step_metric="b", goal="min", overwrite=True)
        run.log({"a": float("nan"), "b": {"c": "text"}})
        run.log({"a": 1}, commit=False)
        run.config["later"] = 1
        run.summary["best"] = 1
        run.name = "new"
        run.tags += ("u",)
        run.save("a.txt")
        record_row(run, {"episode": 1}, step=7, file="gymnasium:1", offset=1)
        run.finish(exit_code=1)
        jail.write("a.txt", "longer")
    written = records(run)
    for record in written:
        validator.validate(record)
    assert any("source" in record for record in written)
    defined = set(journal_schema()["discriminator"]["mapping"])
    # tests/shipping/test_resume.py makes a run that continues one of a store.
    assert {record["type"] for record in written} == defined - {"lost", "continued"}


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"type": "unheard-of"},
        {"type": "history", "step": -1, "time": 1.0, "data": {}},
        {"type": "history", "step": 1, "time": 1.0, "data": {}, "more": 1},
        {"type": "exit", "time": 1.0, "state": "running", "code": 0},
        {"type": "header", "format": "runsettings-journal", "version": 2, "writer": "x"},
    ],
)
def test_the_schema_refuses_what_is_no_record(validator, record):
    """It is of use for finding faults in a writer."""
    assert not validator.is_valid(record)
