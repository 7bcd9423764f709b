"""The run as a script meets it: rows, steps, summary, config, tags."""

from __future__ import annotations

import datetime as dt
import json
import pickle
import re
import threading

import numpy as np
import pytest

from runsettings.journal.reader import read_history
from runsettings.journal.replay import load_run
from runsettings.values.errors import ConfigError, RunError, SettingsError, SettingsWarning


def rows(run) -> list[dict]:
    """The data of each row, with its step."""
    found = read_history(run.journal_path)
    return [{key: row[key] for key in row if key != "_timestamp"} for row in found]


def test_each_log_call_is_a_row(begin):
    """Steps count up from 0."""
    run = begin()
    run.log({"a": 1})
    run.log({"a": 2})
    assert (rows(run), run.step) == ([{"_step": 0, "a": 1}, {"_step": 1, "a": 2}], 2)


def test_commit_false_gathers_a_row(begin):
    """The row is complete with the next ordinary call."""
    run = begin()
    run.log({"a": 1}, commit=False)
    run.log({"b": 2}, commit=False)
    run.log({"c": 3})
    run.log({"a": 4})
    assert rows(run) == [{"_step": 0, "a": 1, "b": 2, "c": 3}, {"_step": 1, "a": 4}]


@pytest.mark.parametrize("nothing", [(), ({},), (None,)])
def test_log_without_data_commits_what_was_gathered(begin, nothing):
    """Without anything gathered it does nothing."""
    run = begin()
    run.log(*nothing)
    run.log({"a": 1}, commit=False)
    run.log(*nothing)
    run.log({"a": 2})
    assert rows(run) == [{"_step": 0, "a": 1}, {"_step": 1, "a": 2}]


def test_a_gathered_value_is_in_the_journal_at_once(begin):
    """What is not committed yet survives the process as well."""
    run = begin()
    run.log({"a": 1}, commit=False)
    assert rows(run) == [{"_step": 0, "a": 1}]


def test_a_step_names_the_row(begin):
    """Values of one step belong together until a higher one comes."""
    run = begin()
    run.log({"a": 1}, step=3)
    run.log({"b": 2}, step=3)
    run.log({"c": 3})
    run.log({"d": 4}, step=10, commit=True)
    run.log({"e": 5})
    assert rows(run) == [
        {"_step": 3, "a": 1, "b": 2, "c": 3},
        {"_step": 10, "d": 4},
        {"_step": 11, "e": 5},
    ]


def test_a_lower_step_is_refused_with_one_warning(begin, capsys):
    """Steps never go back, and the script goes on."""
    run = begin()
    run.log({"a": 1}, step=5)
    for step in (4, 3):
        run.log({"a": 9}, step=step)
    assert rows(run) == [{"_step": 5, "a": 1}]
    assert capsys.readouterr().err == (
        "runsettings: warning: log(step=4) is before step 5; the data was not recorded "
        "(said once)\n"
    )


def test_a_lower_step_is_an_error_when_strict(begin):
    """`strict` turns the warning into an exception."""
    run = begin(settings={"quiet": True, "strict": True})
    run.log({"a": 1}, step=5)
    with pytest.raises(RunError, match="is before step 5"):
        run.log({"a": 9}, step=4)


@pytest.mark.parametrize("step", ["3", 1.5, [1]])
def test_a_step_is_an_integer(begin, step):
    """Anything else is an error that shows it."""
    with pytest.raises(RunError, match="step must be an integer; got"):
        begin().log({"a": 1}, step=step)


def test_scalars_of_arrays_are_numbers(begin):
    """NumPy's scalars, dates and nested values become JSON."""
    run = begin()
    run.log({"f": np.float32(0.5), "i": np.int64(3), "d": dt.date(2026, 1, 2)})
    run.log({"x": {"y": 1}}, step=np.int64(4))
    assert rows(run) == [
        {"_step": 0, "f": 0.5, "i": 3, "d": "2026-01-02"},
        {"_step": 4, "x": {"y": 1}},
    ]


def test_non_finite_metrics_survive(begin):
    """A loss of NaN is a result."""
    run = begin()
    run.log({"a": float("nan"), "b": float("-inf")})
    (row,) = rows(run)
    assert row["a"] != row["a"]
    assert row["b"] == float("-inf")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"image": b"\x00"}, "image: bytes cannot be logged"),
        ({"a": {"f": print}}, "a.f: builtin_function_or_method cannot be logged"),
        ({(3,): 1}, "keys must be strings; got tuple (3,)"),
        ({"\ud800": 1}, "half of a surrogate pair"),
    ],
)
def test_what_json_cannot_hold_is_an_error_in_a_strict_run(begin, data, message):
    """The key and the type are in the message, and nothing of the row is written."""
    run = begin(settings={"strict": True})
    with pytest.raises(RunError) as caught:
        run.log(data)
    assert message in str(caught.value)
    assert rows(run) == []


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (
            {"image": b"\x00"},
            "log() leaves out image: bytes cannot be logged — decode it, or save it as a file",
        ),
        (
            {"took": dt.timedelta(1)},
            "leaves out took: datetime.timedelta cannot be logged — write its total_seconds()",
        ),
        ({"z": 1j}, "log() leaves out z: complex cannot be logged — write its parts, or a float"),
        ({"ids": iter([1])}, "cannot be logged — write list() of it"),
        ({"dtype": np.dtype("f4")}, "log() leaves out dtype: numpy.dtype"),
        ({"kind": int}, "log() leaves out kind: type cannot be logged"),
        ({"module": json}, "log() leaves out module: module cannot be logged"),
        (
            {"n": 10**5000},
            "log() leaves out n: an integer of more than 4,300 digits cannot be logged",
        ),
        ({"t": "\ud800"}, "log() leaves out t: half of a surrogate pair is not a character"),
        ({"a": {"f": print}}, "log() leaves out a.f: builtin_function_or_method cannot be logged"),
        ({"x": object()}, "log() leaves out x: object cannot be logged"),
        ({(3,): 1}, "log() leaves out (3,): keys must be strings; got tuple (3,)"),
    ],
)
def test_log_leaves_out_what_json_cannot_hold(begin, capsys, bad, message):
    """The rest of the row is recorded, and each such key is warned of once."""
    run = begin()
    for _ in range(3):
        run.log({"loss": 0.5, **bad})
    assert [row["loss"] for row in rows(run)] == [0.5] * 3
    assert capsys.readouterr().err.count(message) == 1
    run.summary.update({"best": 1, **bad})
    assert run.summary["best"] == 1


class Device:
    """Looks like PyTorch's."""

    def __str__(self) -> str:
        return "cuda:0"


Device.__module__, Device.__name__ = "torch", "device"


@pytest.mark.parametrize(
    ("value", "kept", "level"),
    [
        (np.dtype("float32"), "numpy.float32", "note"),
        (Device(), "cuda:0", "note"),
        (int, "int", "note"),
        (np.float32, "numpy.float32", "note"),
        (json.dumps, "json.dumps", "note"),
        (json, "json", "note"),
        (dt.timedelta(days=1, hours=2), "P1DT2H", "note"),
        (object(), "<object>", "warning"),
        (b"x", "<bytes>", "warning"),
        (1j, "<complex>", "warning"),
        (re.compile("x"), "<re.Pattern>", "warning"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_json_has_no_form_for_stops_no_run(begin, capsys, recwarn, value, kept, level):
    """The config keeps a text for it, `log` leaves it out, and `strict` refuses it in both."""
    run = begin(config={"x": {"y": value}}, settings=None)
    assert run.config["x"]["y"] == kept
    said = capsys.readouterr().err + "".join(str(each.message) for each in recwarn)
    assert ("has no form in JSON" in said) is (level == "warning")
    run.log({"x": {"y": value}, "loss": 1})
    assert rows(run) == [{"_step": 0, "x": {}, "loss": 1}]
    run.finish()
    with pytest.raises(ConfigError, match=re.escape(f"{kept!r} is kept only if not strict")):
        begin(config={"x": {"y": value}}, settings={"quiet": True, "strict": True})


@pytest.mark.parametrize(
    ("key", "text"),
    [(0, "0"), (-3, "-3"), (True, "true"), (None, "null"), (1e300, "1e+300"), (np.int64(7), "7")],
)
def test_a_key_that_is_no_text_is_the_text_that_json_gives_it(begin, key, text):
    """In the config and in `log`, at every depth; `strict` refuses it in the config."""
    run = begin(config={key: {key: 1}})
    assert run.config.as_dict() == {text: {text: 1}}
    run.log({key: {key: 1}})
    assert rows(run) == [{"_step": 0, text: {text: 1}}]
    run.finish()
    with pytest.raises(ConfigError, match="become text only if not strict"):
        begin(config={key: 1}, settings={"quiet": True, "strict": True})


def test_a_number_with_a_period_is_no_key_of_a_config(begin):
    """As text it has a period, which separates nested keys; `log` takes such keys."""
    with pytest.raises(ConfigError, match=r"the key '0\.5' has a period.*, as in '0_5'"):
        begin(config={"x": {0.5: 1}})
    run = begin()
    run.log({"x": {0.5: 1}})
    assert rows(run) == [{"_step": 0, "x": {"0.5": 1}}]


def test_keys_that_are_numbers_are_logged_as_text(begin):
    """A key that is a number or a boolean is the text that JSON gives it."""
    run = begin()
    run.log({"acc": {0: 0.5, True: 1}, 3: np.array([0.25])})
    assert rows(run) == [{"_step": 0, "acc": {"0": 0.5, "true": 1}, "3": 0.25}]


@pytest.mark.parametrize("data", [{"": 1}, {"a": {"": 1}}, {"a": [{"": {}}]}, {"": "text"}])
def test_an_empty_key_is_left_out_at_any_depth_with_one_warning(begin, data, capsys):
    """It would be a metric without a name; the rest is recorded."""
    run = begin(settings=None)
    run.log({**data, "loss": 1})
    run.log({**data, "loss": 2})
    assert [row["loss"] for row in rows(run)] == [1, 2]
    assert all("" not in row for row in rows(run))
    assert capsys.readouterr().err.count("a key must not be empty") == 1


@pytest.mark.parametrize("data", [{"": 1}, {"a": {"": 1}}, {"a": [{"": {}}]}, {"": "text"}])
def test_an_empty_key_is_refused_when_strict(begin, data):
    """The error has the place of the call."""
    run = begin(settings={"quiet": True, "strict": True})
    with pytest.raises(RunError, match="a key must not be empty") as caught:
        run.log(data)
    assert re.search(r"test_run\.py:\d+ log\(\)", str(caught.value))
    assert rows(run) == []


def test_the_summary_refuses_an_empty_key_when_strict(begin):
    """As `log` does, at any depth."""
    run = begin(settings={"quiet": True, "strict": True})
    for values in ({"": 1}, {"a": {"": 1}}):
        with pytest.raises(RunError, match="a key must not be empty"):
            run.summary.update(values)
    assert dict(run.summary) == {}


@pytest.mark.parametrize("data", [3, "loss", [("a", 1)]])
def test_log_takes_a_mapping(begin, data):
    """Anything else is an error that shows it."""
    with pytest.raises(RunError, match="takes a mapping of names to values; got"):
        begin().log(data)


def test_the_summary_has_the_last_value_of_everything(begin):
    """Nested as it was logged, with dotted keys for readers; what is set by hand is recorded."""
    run = begin()
    run.log({"loss": 2, "val": {"acc": 0.5}})
    run.log({"loss": 1})
    run.summary["best"] = {"loss": 1}
    run.summary.note = "good"
    run.summary.update({"loss": 0})
    nested = {"loss": 0, "val": {"acc": 0.5}, "best": {"loss": 1}, "note": "good"}
    assert dict(run.summary) == run.summary.as_dict() == nested
    assert (len(run.summary), list(run.summary)) == (4, list(nested))
    expected = {"loss": 0, "val.acc": 0.5, "best.loss": 1, "note": "good"}
    assert {key: run.summary[key] for key in expected} == expected
    assert load_run(run.journal_path).summary == expected


@pytest.mark.parametrize("mode", ["offline", "disabled"])
def test_a_part_of_the_summary_is_a_dict_that_can_be_set(begin, mode):
    """In every mode; the change is one of the summary."""
    run = begin(mode=mode)
    run.log({"val": {"acc": 0.5, "loss": {"ce": 1}}})
    run.summary["val"]["acc"] = 0.7
    run.summary["val"]["loss"].update(kl=2)
    del run.summary["val"]["loss"]["ce"]
    assert json.dumps(run.summary["val"]) == '{"acc": 0.7, "loss": {"kl": 2}}'
    assert run.summary["val.loss"] == run.summary.val["loss"] == {"kl": 2}


@pytest.mark.parametrize("mode", ["offline", "disabled"])
def test_setting_a_key_of_the_summary_replaces_what_was_below_it(begin, mode):
    """A mapping in the place of a scalar or of another mapping, and the other way round."""
    run = begin(mode=mode)
    run.summary["n"] = {"x": 1}
    run.summary["n"] = {"y": 2}
    assert run.summary["n"] == {"y": 2}
    run.summary["n"] = 3
    assert dict(run.summary) == {"n": 3}
    run.summary["n"] = {"z": 4}
    assert dict(run.summary) == {"n": {"z": 4}}
    del run.summary["n"]
    assert dict(run.summary) == {}


def test_what_replaced_a_key_of_the_summary_is_what_readers_see(begin):
    """The journal says what was removed."""
    run = begin()
    run.summary["n"] = {"x": 1}
    run.summary["n"] = {"y": 2}
    assert load_run(run.journal_path).summary == {"n.y": 2}


def test_a_key_with_a_dot_is_no_nested_key(begin):
    """It stays as it was logged."""
    run = begin()
    run.log({"a.b": 1, "c": {"d": 2}})
    assert dict(run.summary) == {"a.b": 1, "c": {"d": 2}}


def test_the_id_that_was_made_is_in_the_settings(begin):
    """Where a script looks for it; an id that was given keeps its origin."""
    run = begin()
    assert run.settings.run_id == run.id
    assert "made the id" in run.settings.explain("run_id")
    run.finish()
    assert "init(id=)" in begin(id="x").settings.explain("run_id")


def test_a_summary_key_can_be_removed(begin):
    """It is gone for readers too."""
    run = begin()
    run.summary["a"] = 1
    del run.summary["a"]
    assert load_run(run.journal_path).summary == {}
    with pytest.raises(AttributeError, match="has no 'a' yet"):
        _ = run.summary.a


def test_config_changes_are_recorded_with_their_origin(begin):
    """Additions, changes of nested keys and removals read back."""
    run = begin(
        config={"lr": 0.1, "optim": {"name": "sgd", "momentum": 0.9}}, allow_val_change=True
    )
    run.config["depth"] = 3
    run.config.optim.name = "adam"
    del run.config["lr"]
    after = load_run(run.journal_path)
    assert after.config == {"optim": {"name": "adam", "momentum": 0.9}, "depth": 3}
    assert after.config_origins.keys() == {"optim.name", "optim.momentum", "depth"}
    assert after.config_origins["depth"]["call"] == "config['depth'] ="


def test_tags_change_during_the_run(begin):
    """The property is a tuple that may be set."""
    run = begin(tags=["a", "b"])
    run.tags += ("c",)
    run.tags = [tag for tag in run.tags if tag != "a"]
    assert run.tags == ("b", "c")
    assert load_run(run.journal_path).tags == ["b", "c"]


def test_many_tags_one_by_one_take_linear_work_each(begin, counted_calls):
    """The tags that are there already are neither checked nor compared one by one."""
    run = begin(tags=[f"a{number}" for number in range(2_000)])
    with counted_calls() as many:
        run.tags += ("b",)
    run.tags = ("c",)
    with counted_calls() as few:
        run.tags += ("d",)
    assert many.total() - few.total() < 50
    assert run.tags == ("c", "d")


@pytest.mark.parametrize("tags", [[""], ["x" * 65]])
def test_a_tag_has_1_to_64_characters(begin, tags):
    """The rule of the argument holds for the property."""
    run = begin()
    with pytest.raises(SettingsError, match="1 to 64 characters"):
        run.tags = tags


def test_name_and_notes_change_during_the_run(begin):
    """Readers see the new ones."""
    run = begin(name="one")
    run.name = "two"
    run.notes = "better"
    after = load_run(run.journal_path)
    assert (run.name, after.name, after.notes) == ("two", "two", "better")


def test_a_finished_run_refuses_more(begin):
    """The error says what to do; finishing twice does nothing."""
    run = begin()
    run.finish()
    run.finish()
    for act in (
        lambda: run.log({"a": 1}),
        lambda: run.save("x"),
        lambda: setattr(run, "name", "y"),
    ):
        with pytest.raises(RunError, match=r"is finished; .* — call init\(\) to start another"):
            act()


def test_a_run_is_not_sent_to_another_process(begin):
    """The error says what to do instead."""
    with pytest.raises(TypeError, match=r"call init\(\) in the other one"):
        pickle.dumps(begin())


def test_eight_threads_lose_nothing_and_steps_stay_monotonic(begin, records):
    """Each call has a step of its own, and they stand in order."""
    run = begin()

    def work(thread: int) -> None:
        for number in range(500):
            run.log({f"t{thread}": number})

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = records(run, "history")
    assert [record["step"] for record in written] == list(range(4000))
    for thread in range(8):
        mine = [record["data"] for record in written if f"t{thread}" in record["data"]]
        assert mine == [{f"t{thread}": number} for number in range(500)]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (None, {"state": "finished", "code": 0}),
        (ValueError(), {"state": "failed", "code": 1, "error": "ValueError"}),
        (SystemExit(3), {"state": "failed", "code": 3}),
        (KeyboardInterrupt(), {"state": "killed", "code": 130, "signal": "SIGINT"}),
    ],
)
def test_leaving_a_with_block_ends_the_run(begin, records, error, expected):
    """An exception marks it failed and goes on its way."""
    run = begin()

    def body() -> None:
        with run:
            if error is not None:
                raise error

    if error is None:
        body()
    else:
        with pytest.raises(type(error)):
            body()
    (end,) = records(run, "exit")
    assert expected.items() <= end.items()


def test_a_run_tells_what_it_is(begin, jail):
    """The properties of the reference are there."""
    run = begin(
        id="abc", name="n", project="p", entity="e", group="g", job_type="j", notes="t", tags=["x"]
    )
    assert [run.id, run.name, run.project, run.entity] == ["abc", "n", "p", "e"]
    assert [run.group, run.job_type, run.notes, run.tags] == ["g", "j", "t", ("x",)]
    assert (run.mode, run.url, run.resumed, run.step) == ("offline", None, False, 0)
    assert run.dir == str(run.path / "files")
    assert run.path.parent == jail.cwd / "wandb"
    assert run.settings.project == "p"
    assert repr(run) == "<Run n (abc)>"


def test_an_integer_that_nobody_could_read_back_is_refused(begin):
    """A row is on record or an error, never a line that readers take for torn."""
    run = begin(settings={"strict": True})
    with pytest.raises(RunError, match="more than 4,300 digits"):
        run.log({"a": 10**5000})
    run.log({"a": 10**4000} | {f"m{number}": 0.5 for number in range(500)})
    assert len(rows(run)[0]) == 502


def test_a_secret_in_a_key_is_not_written(begin):
    """Rows of mere numbers are masked as well."""
    run = begin(settings={"quiet": True, "api_key": "canary0123456789"})
    run.log({"canary0123456789": 1})
    assert b"canary" not in run.journal_path.read_bytes()


def test_an_error_of_log_does_not_show_a_secret(begin):
    """The key of what cannot be logged is named without it."""
    run = begin(settings={"strict": True, "api_key": "canary0123456789"})
    with pytest.raises(RunError) as caught:
        run.log({"canary0123456789": object()})
    assert "canary" not in str(caught.value)


def test_a_warning_of_log_does_not_show_a_secret(begin, capsys):
    """The key of what is left out is named without it."""
    run = begin(settings={"quiet": True, "api_key": "canary0123456789"})
    run.log({"canary0123456789": object()})
    told = capsys.readouterr().err
    assert "leaves out ***" in told
    assert "canary" not in told


@pytest.mark.parametrize("code", ["abc", 1.5, 1 << 64])
def test_an_exit_code_that_is_no_integer_is_an_error(begin, code):
    """The run goes on: an end that readers do not understand would be taken for a crash."""
    run = begin()
    with pytest.raises(RunError, match="exit_code must be an integer"):
        run.finish(exit_code=code)
    run.finish(exit_code=np.int64(3))
    found = load_run(run.journal_path)
    assert (found.state, found.exit["code"], found.torn) == ("failed", 3, 0)


def test_a_step_of_more_than_64_bits_is_refused(begin):
    """Readers in other languages have no greater integers."""
    run = begin()
    with pytest.raises(RunError, match="step must be an integer of at most 64 bits"):
        run.log({"a": 1}, step=1 << 64)


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("name", None, RunError),
        ("name", "", RunError),
        ("name", 5, SettingsError),
        ("notes", object(), SettingsError),
        ("tags", None, SettingsError),
        ("tags", 5, SettingsError),
    ],
)
def test_a_name_is_held_to_its_setting_s_rules_when_it_is_set(begin, name, value, error):
    """What the setting would refuse at the start is refused later, and nothing is recorded."""
    run = begin(name="first", notes="some", tags=["a"])
    before = getattr(run, name)
    with pytest.raises(error):
        setattr(run, name, value)
    assert (getattr(run, name), load_run(run.journal_path).torn) == (before, 0)


def test_an_error_of_the_summary_names_the_summary(begin):
    """It was not log() that was called."""
    run = begin(settings={"strict": True})
    with pytest.raises(RunError, match="1 problem in summary"):
        run.summary["model"] = object()


class FinishesWhileItIsRead(dict):
    """Logged data during whose conversion another thread finishes the run."""

    def __init__(self, run):
        super().__init__(a=1)
        self.run = run

    def items(self):
        """Let the run finish, and then go on."""
        thread = threading.Thread(target=self.run.finish)
        thread.start()
        thread.join()
        return super().items()

    def __iter__(self):
        self.items()
        return super().__iter__()


@pytest.mark.parametrize(
    "act",
    [
        lambda run, data: run.log(data),
        lambda run, data: run.log({"nested": data}, step=3),
        lambda run, data: run.summary.update({"nested": data}),
        lambda run, data: run.summary.__setitem__("nested", data),
    ],
    ids=["log", "log a step", "update the summary", "set a key of the summary"],
)
def test_what_is_not_recorded_is_an_error_while_another_thread_finishes(begin, act):
    """What returned is in the journal; what comes too late says so."""
    run = begin()
    with pytest.raises(RunError, match="is finished"):
        act(run, FinishesWhileItIsRead(run))
    after = load_run(run.journal_path)
    assert (after.state, after.summary) == ("finished", {})


def test_what_log_returned_from_is_recorded_however_another_thread_finishes(begin):
    """Threads that log until the run is finished lose no row."""
    run = begin()
    returned = []

    def work():
        while True:
            try:
                run.log({"a": 1})
                run.log({"a": [1]})
            except RunError:
                return
            returned.append(2)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    run.finish()
    for thread in threads:
        thread.join()
    recorded = len(rows(run))
    assert sum(returned) <= recorded <= sum(returned) + 3


@pytest.mark.parametrize("secret", ["data", "type", "history", "1234", "step", "time", "values"])
def test_a_secret_that_is_a_word_of_the_journal_harms_no_record(begin, records, jail, secret):
    """Values are masked and not bytes: every record can be read, and its numbers stay."""
    jail.setenv(WANDB_API_KEY=secret)
    with pytest.warns(SettingsWarning, match="key: holds a live secret"):
        run = begin(config={"lr": 0.1, "key": secret})
    run.log({"loss": 0.5, "count": 1234})
    run.log({"note": secret, "loss": 0.25})
    run.summary["best"] = secret
    run.finish()
    rows = [record["data"] for record in records(run, "history")]
    assert rows == [{"loss": 0.5, "count": 1234}, {"note": "***", "loss": 0.25}]
    assert [record["type"] for record in records(run)][-1] == "exit"
    (config,) = records(run, "config")
    assert config["values"]["key"] == "***"


def test_a_secret_that_is_too_short_to_be_masked_everywhere_is_told(begin, jail, capsys):
    """At the start, on standard error, without the secret."""
    jail.setenv(WANDB_API_KEY="qwert")
    begin().finish()
    said = capsys.readouterr().err
    assert "a secret of fewer than 8 characters" in said
    assert "qwert" not in said


@pytest.mark.parametrize("secret", ["loss", "data", "step", "accuracy", "validation"])
def test_a_secret_that_is_a_word_harms_no_row(begin, jail, capsys, secret):
    """It is told at the start, and masked only where it is the whole value."""
    jail.setenv(WANDB_API_KEY=secret)
    run = begin(config={secret: 1, "text": f"{secret}_max"}, settings={"disable_git": True})
    assert "or of one short word" in capsys.readouterr().err
    run.log({secret: 0.5, "nested": {secret: 1}, "text": f"the {secret}", "key": secret})
    run.finish()
    (row,) = read_history(run.journal_path)
    assert row[secret] == 0.5
    assert row["nested"] == {secret: 1}
    assert (row["text"], row["key"]) == (f"the {secret}", "***")
    assert run.config.as_dict() == {secret: 1, "text": f"{secret}_max"}


def test_with_strict_each_record_that_is_not_written_is_an_error(script):
    """Not the first alone: 20 calls on a full disk are 20 errors, and then all is well again."""
    done = script(
        """
        import resource
        run = begin(settings={"quiet": True, "disable_git": True, "strict": True})
        run._files.wait_for_facts()
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        size = run.journal_path.stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        errors = 0
        for step in range(20):
            try:
                run.log({"loss": step})
            except Exception as error:
                errors += type(error).__name__ == "RunError"
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        run.log({"loss": 20})
        run.finish()
        from runsettings.journal.reader import read_records
        rows = [r for r in read_records(run.journal_path) if r["type"] == "history"]
        print(errors, len(rows))
        """
    )
    assert done.stdout == "20 21\n", done.stderr


def test_with_strict_an_end_that_is_not_written_is_an_error_without_a_traceback(script):
    """Python would show the frames of its exit handlers, which say nothing to the user."""
    done = script(
        """
        import resource
        run = begin(settings={"quiet": True, "disable_git": True, "strict": True})
        run._files.wait_for_facts()
        size = run.journal_path.stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        """
    )
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
