"""The records of settings and config: values, origins, and the values that they beat."""

from __future__ import annotations

import json

import pytest

from runsettings import SettingsWarning
from runsettings.journal.query.recorded_values import config_values
from runsettings.journal.replay import load_run


def test_losers_are_recorded(begin, jail, records):
    """Each value that a leaf beat is recorded with its origin, the highest first."""
    jail.write("low.yaml", "lr: 0.1\nepochs: 3\n")
    jail.write("high.yaml", "$config: 1\n$use: [low.yaml]\n$profiles: {a: {lr: 0.2}}\nlr: 0.3\n")
    jail.setenv(RUNSETTINGS_PROFILE="a")
    run = begin(config=["high.yaml", {"lr": 0.4}])
    (record,) = records(run, "config")
    assert record["losers"] == {
        "lr": [
            {
                "layer": "file",
                "where": "high.yaml",
                "line": 3,
                "column": 21,
                "profile": "a",
                "value": 0.2,
            },
            {"layer": "file", "where": "high.yaml", "line": 4, "column": 5, "value": 0.3},
            {
                "layer": "file",
                "where": "low.yaml",
                "line": 1,
                "column": 5,
                "used_by": "high.yaml:2:8",
                "value": 0.1,
            },
        ]
    }


def test_a_config_of_one_source_has_no_losers(begin, records):
    """The member is left out where nothing was beaten."""
    (record,) = records(begin(config={"lr": 0.1}), "config")
    assert "losers" not in record


def test_a_later_change_records_what_it_beat(begin, stored):
    """A change during the run is recorded with the value of the start."""
    with begin(config={"lr": 0.1, "o": {"x": 1, "y": 2}}) as run:
        run.config.update({"o": {"x": 3}}, allow_val_change=True)
        run.config.update({"lr": 0.2}, allow_val_change=True)
    values = config_values(stored())
    assert [each.value for each in values["lr"].beaten] == [0.1]
    assert [each.value for each in values["o.x"].beaten] == [1]
    assert values["o.y"].beaten == []


def test_a_replaced_value_has_new_losers(begin, stored):
    """The losers of an earlier value of a key do not stay when its leaves are other ones."""
    with begin(config=[{"o": {"x": 1}}, {"o": {"x": 2}}]) as run:
        run.config.update({"o": 5}, allow_val_change=True)
    assert "o.x" not in stored().config_losers


def test_a_removed_key_is_a_loser_without_a_value(begin, jail, records):
    """A directive that removes a key is recorded with its place alone."""
    jail.write("a.yaml", "$config: 1\nlr: {$delete: true}\n")
    run = begin(config=[{"lr": 1}, "a.yaml", {"lr": 2}])
    losers = records(run, "config")[0]["losers"]["lr"]
    assert [loser.get("value") for loser in losers] == [None, 1]
    assert "value" not in losers[0]


@pytest.mark.parametrize("value", ["x" * 5000, list(range(5000)), {"a": "y" * 5000}])
def test_a_long_loser_is_shortened(begin, records, value):
    """A long value that lost is recorded by its beginning: nobody needs it in whole."""
    run = begin(config=[{"a": value}, {"a": 1}])
    (record,) = records(run, "config")
    assert len(json.dumps(record["losers"])) < 1000


def test_secrets_that_lost_are_masked(begin, jail):
    """A secret that was beaten is no less secret."""
    secret = "canary" + "0123456789" * 4
    jail.setenv(WANDB_API_KEY=secret)
    with pytest.warns(SettingsWarning, match="holds a live secret"):
        run = begin(config=[{"note": f"key {secret}"}, {"note": "none"}])
    assert secret not in run.journal_path.read_text()


def test_losers_of_settings_are_recorded(begin, jail, stored):
    """A setting that beat another source has that one among its losers."""
    jail.write_workspace("[default]\nproject = low\n")
    jail.setenv(WANDB_PROJECT="high")
    begin().finish()
    (loser, default) = stored().settings_losers["project"]
    assert (loser["where"], loser["value"], default["layer"]) == (
        "wandb/settings",
        "low",
        "default",
    )


def test_a_journal_without_losers_is_read(begin, journals):
    """Journals of earlier versions have no losers; their runs are read as they were."""
    with begin(config=[{"lr": 1}, {"lr": 2}]):
        pass
    (journal,) = journals()
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    for record in lines:
        record.pop("losers", None)
    journal.write_text("".join(json.dumps(record) + "\n" for record in lines))
    run = load_run(journal)
    assert (run.torn, run.config, run.config_losers) == (0, {"lr": 2}, {})


def test_a_resumed_run_keeps_both_histories(begin, jail, stored):
    """What the earlier process recorded is below what the later one sets, however often."""
    jail.write("low.yaml", "lr: 0.1\nepochs: 3\n")
    for _ in range(4):
        begin(id="a", resume="allow", config=["low.yaml", {"lr": 0.2}]).finish()
    values = config_values(stored())
    assert [str(each.origin_text) for each in values["lr"].beaten] == ["low.yaml:1:5"]
    with begin(id="a", resume="allow", allow_val_change=True, config={"lr": 0.3}) as run:
        history = run.config.history("lr")
    assert [leaf.value for leaf in history] == [0.3, 0.2, 0.1]
    assert [each.value for each in config_values(stored())["lr"].beaten] == [0.2, 0.1]


def test_a_key_that_changes_often_has_short_records(begin, jail, records):
    """Each record has the value before, what no code has set, and the value of the start."""
    jail.write("low.yaml", "lr: 0.1\n")
    with begin(config=["low.yaml", {"lr": 0.2}], allow_val_change=True) as run:
        for step in range(100):
            run.config.lr = step
    losers = records(run, "config")[-1]["losers"]["lr"]
    assert [loser["value"] for loser in losers] == [98, 0.1]
