"""Files that a project calls data, and rules that it allows in some files."""

from __future__ import annotations

from runsettings.checks.check import check

CLASSES = "0: person\n1: car\nmodel/best.bin: 3\n"


def rules(*files: str) -> list[str]:
    """The rules that are broken, in order."""
    return [str(each.rule) for each in check(files, settings=False, environ={})]


def test_the_keys_of_data_are_its_own(jail):
    """No parser, model or schema is for it either; a run config beside it is checked."""
    jail.write("pyproject.toml", '[tool.runsettings.check]\ndata = ["data/*.yaml"]\n')
    jail.write("data/classes.yaml", CLASSES)
    jail.write("train.yaml", "model/best.bin: 3\n")
    assert rules("data", "train.yaml") == ["key-period"]
    schema = {"type": "object", "required": ["lr"]}
    assert check(["data"], settings=False, schema=schema) == ()


def test_data_must_be_readable_by_all_tools(jail):
    """What is no YAML, and what YAML 1.1 tools read differently, is told of data as well."""
    jail.write("pyproject.toml", '[tool.runsettings.check]\ndata = ["*.yaml"]\n')
    jail.write("a.yaml", "0: no\n")
    jail.write("b.yaml", "0: [\n")
    jail.write("c.yaml", "0: no  # runsettings: ignore\n")
    assert rules("a.yaml", "b.yaml", "c.yaml") == ["yaml-scalar", "syntax"]


def test_a_rule_is_allowed_in_some_files(jail):
    """It counts in all others, and other rules count in these."""
    jail.write(
        "pyproject.toml",
        '[tool.runsettings.check.allow]\n"sweeps/*" = ["key-period"]\n',
    )
    jail.write("sweeps/a.yaml", "optim.lr: 1e-3\n")
    jail.write("b.yaml", "optim.lr: 1\n")
    assert rules("sweeps/a.yaml", "b.yaml") == ["yaml-scalar", "key-period"]


def test_an_allowed_rule_that_there_is_not_is_an_error(jail):
    """With what was meant."""
    jail.write("pyproject.toml", '[tool.runsettings.check.allow]\n"*" = ["key-preiod"]\n')
    jail.write("a.yaml", "a: 1\n")
    (found,) = check("a.yaml", settings=False)
    assert "did you mean 'key-period'?" in found.message
