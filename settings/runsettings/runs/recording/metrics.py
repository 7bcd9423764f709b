"""`define_metric`: how a metric is summarized, and which other metric is its axis."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from runsettings.journal.aggregates import WORDS, with_step_metrics
from runsettings.journal.checkpoint import SMALLEST
from runsettings.layers.call_site import find_caller
from runsettings.layers.known_arguments import known_arguments
from runsettings.runs.recording.names import RunNames
from runsettings.runs.recording.summary import Summary
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.errors import RunError
from runsettings.values.origin import Layer, Origin

CHECKPOINT_BYTES: Final = 16 << 20
"""Bytes of records between two checkpoints. A resume after a crash replays at most so many."""

_GOALS: Final = {"min": "minimize", "max": "maximize"}
"""Goals by the letters that the wandb client looks at."""


@dataclass(frozen=True, slots=True)
class Metric:
    """What one call of `define_metric` defined. It may be given as the ``step_metric`` of others.

    Args:
        name: The metric, or a glob.
        step_metric: The metric of the other axis.
        step_sync: Whether a row without the step metric gets its last value.
        hidden: Whether charts leave the metric out.
        summary: The words for its summary.
        goal: ``"minimize"`` or ``"maximize"``.
    """

    name: str
    step_metric: str | None = None
    step_sync: bool | None = None
    hidden: bool | None = None
    summary: tuple[str, ...] | None = None
    goal: str | None = None

    @classmethod
    def of(
        cls, name: Any, step_metric: Any, step_sync: Any, hidden: Any, summary: Any, goal: Any
    ) -> Self:
        """Check the arguments of `define_metric`.

        Raises:
            RunError: Some are wrong; it names all of them.
        """
        axis = getattr(step_metric, "name", step_metric)
        found = [
            _diagnostic(key, f"must be {kind}; got {value!r:.80}")
            for key, value, kind, right in (
                ("name", name, "a text", isinstance(name, str)),
                ("step_metric", axis, "a text", axis is None or isinstance(axis, str)),
                ("step_sync", step_sync, "true or false", step_sync in (None, True, False)),
                ("hidden", hidden, "true or false", hidden in (None, True, False)),
            )
            if not right
        ]
        if name == "":
            found.append(_diagnostic("name", "must not be empty"))
        elif isinstance(name, str) and "*" in name[:-1]:
            found.append(
                _diagnostic("name", f"has '*' before its end; got {name!r}", "end it with '*'")
            )
        words = _words(summary, found)
        direction = None if goal is None else _GOALS.get(str(goal)[:3].lower())
        if goal is not None and direction is None:
            known = _GOALS.values()
            found.append(_wrong_word("goal", str(goal), known))
        if found:
            caller = find_caller("define_metric")
            origin = Origin(Layer.INIT, caller.where, caller.line, None, caller.call)
            raise RunError([replace(one, origin=origin) for one in found], "define_metric()")
        # In the wandb client, a dot that is no nesting is escaped; here both are the same key.
        return cls(name.replace(r"\.", "."), axis or None, step_sync, hidden, words, direction)

    def record(self, *, overwrite: bool) -> dict[str, Any]:
        """The journal's record of it, without the time."""
        members = {name: getattr(self, name) for name in self.__slots__}
        record = {"type": "metric", **{key: value for key, value in members.items() if value}}
        if self.step_sync is False:
            record["step_sync"] = False
        if self.summary is not None:
            record["summary"] = list(self.summary)
        return {**record, "overwrite": True} if overwrite else record


class DefinesMetrics:
    """The call `define_metric` of a run, whether it records or not."""

    disabled: bool

    @known_arguments()
    def define_metric(
        self,
        name: str,
        step_metric: str | Metric | None = None,
        step_sync: bool | None = None,
        hidden: bool | None = None,
        summary: str | Iterable[str] | None = None,
        goal: str | None = None,
        overwrite: bool | None = None,
    ) -> Metric:
        """Define how a metric is summarized, from the next `log` on.

        Args:
            name: The metric; ``"val/*"`` is every metric whose name begins with ``val/``. The name
                itself counts before a glob, and an earlier glob before a later one.
            step_metric: The metric of the other axis of its charts.
            step_sync: Whether a row without the step metric gets its last value; by default it
                does.
            hidden: Whether charts leave the metric out. It is recorded; there are no charts yet.
            summary: Words with commas between them, or a list: ``"min"``, ``"max"``, ``"mean"``,
                ``"first"``, ``"last"`` and ``"best"`` are keys below the metric's own in the
                summary; ``"none"`` leaves it out, and ``"copy"`` is the last value itself.
            goal: ``"minimize"`` (the default) or ``"maximize"``, for ``"best"``.
            overwrite: Whether this replaces an earlier definition; by default it adds to it.

        Returns:
            What was defined.

        Raises:
            RunError: An argument is wrong, or the run is finished. Never in disabled mode.
        """
        try:
            metric = Metric.of(name, step_metric, step_sync, hidden, summary, goal)
        except RunError:
            if self.disabled:
                return Metric(str(name))
            raise
        self._define_metric(metric, overwrite=bool(overwrite))
        return metric

    def _define_metric(self, metric: Metric, *, overwrite: bool) -> None:
        raise NotImplementedError


class RunMetrics(DefinesMetrics, RunNames):
    """The base of `Run` that defines metrics."""

    _summary: Summary
    _writes_at_once: bool
    """Whether `log` may write a row of plain values without a further look: the run is open, and
    no metric is defined."""
    _step: int
    _row_open: bool
    """Whether the row of the step has data, and may get more."""
    _skipped: int
    """How many steps before have no data."""

    def _define_metric(self, metric: Metric, *, overwrite: bool) -> None:
        if not self._require_open("define_metric"):
            return
        if metric.hidden:
            self._warn_once("hidden", "define_metric(hidden=True) is recorded; there are no charts")
        with self._recorder.lock:
            if self._require_open("define_metric"):
                self._recorder.write(metric.record(overwrite=overwrite))
                self._writes_at_once = False

    def _checkpoint(self, *, at_end: bool = False) -> None:
        """Store a checkpoint of a long run, if one is due. The caller holds the lock.

        Args:
            at_end: Whether no row will follow.
        """
        after = SMALLEST if at_end else CHECKPOINT_BYTES
        if self._recorder.grown >= after:
            self._recorder.checkpoint(self._step + self._row_open, self._rows)

    @property
    def _rows(self) -> int:
        """How many steps have data, without the new rows of other packages."""
        return self._step + self._row_open - self._skipped

    def _summarize(self, data: dict[str, Any], step: int) -> dict[str, Any]:
        """Put a row into the summary, and return it with the step metrics that it needs."""
        stored = self._stored
        if stored.metrics:
            data = with_step_metrics(data, stored.metrics, stored.totals)
        stored.summarize(data, step)
        self._summary.note_nested(data)
        return data


def _words(summary: Any, found: list[Diagnostic]) -> tuple[str, ...] | None:
    """The words of the argument ``summary``; what is wrong is added to ``found``."""
    if summary is None:
        return None
    given = summary.split(",") if isinstance(summary, str) else summary
    if not isinstance(given, Iterable):
        found.append(_diagnostic("summary", f"must be a text or a list; got {given!r:.80}"))
        return None
    words = tuple(word for one in given if (word := str(one).strip().lower()))
    found += [_wrong_word("summary", word, WORDS) for word in words if word not in WORDS]
    return words


def _wrong_word(key: str, word: str, known: Iterable[str]) -> Diagnostic:
    names = ", ".join(map(repr, known))
    return _diagnostic(key, f"must be one of {names}; got {word!r:.80}", did_you_mean(word, known))


def _diagnostic(key: str, message: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(Rule.BAD_VALUE, Severity.ERROR, (key,), message, hint=hint)
