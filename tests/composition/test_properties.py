"""Properties of composed files, held against a model of composing that is ten lines long."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from runsettings import Config
from runsettings.documents.yaml.writing import yaml_text

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(0, 9), st.sampled_from(["x", "no"]))
LISTS = st.lists(SCALARS, max_size=3)
DELETE = st.just({"$delete": True})


def values_of(*, directives: bool) -> st.SearchStrategy[dict[str, Any]]:
    """Data in which each key has one kind of value: `s` a scalar, `l` a list, `m` a mapping."""
    further = DELETE if directives else st.nothing()
    lists = LISTS | st.builds(lambda items: {"$append": items}, LISTS) if directives else LISTS

    def level(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries(
            {}, optional={"s1": SCALARS | further, "l1": lists | further, "m1": inner, "m2": inner}
        )

    data = level(st.nothing())
    for _ in range(2):
        mapping = data | further
        if directives:
            mapping |= st.builds(lambda value: {"$replace": value}, data)
        data = level(mapping)
    return data


class Files(NamedTuple):
    """Composed files, each with the files before it that it uses."""

    data: list[dict[str, Any]]
    uses: list[list[int]]

    def chain(self, index: int = -1) -> Iterator[int]:
        """The files that one stands for, lowest first."""
        index %= len(self.data)
        for used in self.uses[index]:
            yield from self.chain(used)
        yield index

    def write(self, directory: Path) -> Path:
        """Write all files; the last is the one to load."""
        for index, (data, uses) in enumerate(zip(self.data, self.uses, strict=True)):
            head = {"$config": 1, "$use": [f"f{used}.json" for used in uses]}
            (directory / f"f{index}.json").write_text(json.dumps({**head, **data}))
        return directory / f"f{len(self.data) - 1}.json"

    def load(self) -> Config:
        """The config of the last file."""
        with tempfile.TemporaryDirectory() as directory:
            return Config.load(self.write(Path(directory)))


@st.composite
def files(draw: st.DrawFn, *, directives: bool = True) -> Files:
    """Up to five files of which each uses up to three others."""
    data = draw(st.lists(values_of(directives=directives), min_size=1, max_size=5))
    uses = [
        draw(st.lists(st.integers(0, index - 1), max_size=3)) if index else []
        for index in range(len(data))
    ]
    return Files(data, uses)


def overlaid(lower: Any, upper: Any) -> Any:
    """What a value of a file and the value below it come to; ``None`` below is nothing."""
    if isinstance(upper, dict) and "$append" in upper:
        return [*(lower if isinstance(lower, list) else []), *upper["$append"]]
    if isinstance(upper, dict) and "$replace" in upper:
        lower, upper = {}, upper["$replace"]
    if not isinstance(upper, dict):
        return upper
    result = dict(lower) if isinstance(lower, dict) else {}
    for key, value in upper.items():
        if value == {"$delete": True}:
            result.pop(key, None)
        else:
            result[key] = overlaid(result.get(key), value)
    return result


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of the values that are no mappings."""
    if not isinstance(value, dict):
        yield path
        return
    for key, inner in value.items():
        yield from leaves(inner, (*path, key))


@given(files())
def test_the_order_of_use_is_the_order_of_precedence(files):
    """Composing is overlaying the files in the order in which they are used."""
    expected: Any = {}
    for index in files.chain():
        expected = overlaid(expected, files.data[index])
    assert files.load().as_dict() == expected


@given(files(), st.data())
def test_composing_is_associative(files, data):
    """Neighbours among the used files can be used through a file of their own."""
    uses = files.uses[-1]
    start = data.draw(st.integers(0, len(uses)))
    end = data.draw(st.integers(start, len(uses)))
    last = len(files.data) - 1
    grouped = Files(
        [*files.data[:-1], {}, files.data[-1]],
        [*files.uses[:-1], uses[start:end], [*uses[:start], last, *uses[end:]]],
    )
    assert grouped.load().as_dict() == files.load().as_dict()


@given(files(directives=False))
def test_every_leaf_has_one_origin_and_all_its_losers(files):
    """The last file of the chain that sets a leaf wins, and the others are its losers, in order."""
    config = files.load()
    set_by = [(f"f{index}.json", set(leaves(files.data[index]))) for index in files.chain()]
    for path in leaves(config.as_dict()):
        history = config.history(path)
        setting = [name for name, paths in reversed(set_by) if path in paths]
        assert [Path(leaf.origin.where).name for leaf in history] == setting
        assert config.origin(path) == history[0].origin


@given(files())
def test_a_composed_file_written_flat_is_the_same_config(files):
    """Plain data with the same values, under the same digest."""
    config = files.load()
    with tempfile.TemporaryDirectory() as directory:
        flat = Path(directory) / "flat.yaml"
        flat.write_text(yaml_text(config.as_dict()))
        plain = Config.load(flat)
    assert plain.as_dict() == config.as_dict()
    assert plain.digest == config.digest


@given(files(), st.sampled_from(["s1", "l1", "m1"]))
def test_a_reference_is_the_value_that_it_names(files, key):
    """A top file that refers to a key of the files below has a copy of its value."""
    below = files.load().as_dict()
    top = Files([*files.data, {"copy": f"${{{key}}}"}], [*files.uses, [len(files.data) - 1]])
    if key in below:
        assert top.load().as_dict() == {**below, "copy": below[key]}
