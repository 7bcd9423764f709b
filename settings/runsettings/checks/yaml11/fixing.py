"""Rewrites the scalars that YAML 1.1 tools read differently, and nothing else of a text."""

from __future__ import annotations

from runsettings.checks.rule_selection import is_suppressed_on
from runsettings.checks.yaml11.ambiguous_scalars import ambiguous_tokens, for_both
from runsettings.documents.files import Format, read_text
from runsettings.runconfig.inputs.wandb_form import has_wandb_form
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import SettingsError
from runsettings.values.excerpts import line_of
from runsettings.values.json_trees import same_value
from runsettings.values.origin import Layer, Origin


def fix_text(text: str) -> tuple[str, int]:
    """The text with every ambiguous scalar written so that YAML 1.1 and 1.2 agree.

    Comments, layout, line breaks and all other scalars stay as they are, and so does every
    value as it is read here. Fixing a second time changes nothing. Lines whose comment turns
    the rule off are left alone.

    Returns:
        The text, and how many scalars were rewritten.
    """
    pieces: list[str] = []
    end = count = 0
    for token in ambiguous_tokens(text):
        # A token may begin with a tag or an anchor; what is rewritten is its last part.
        start = token.end_index - len(token.text)
        if text[start : token.end_index] != token.text:
            continue  # written over several lines, which no ambiguous scalar is; never guess
        if is_suppressed_on(line_of(text, token.line), Rule.YAML_SCALAR):
            continue
        pieces += [text[end:start], for_both(token.text)]
        end = token.end_index
        count += 1
    return "".join([*pieces, text[end:]]), count


def fixed_scalars(text: str, where: str) -> tuple[str, int]:
    """The text as `fix_text` writes it, if every value stays the same.

    Args:
        text: The text of a YAML file.
        where: The file's name in messages.

    Returns:
        The text, and how many scalars were rewritten; none of a text that is not valid.

    Raises:
        SettingsError: A value would change with it.
    """
    after, count = fix_text(text)
    if not count:
        return text, 0
    old, new = (read_text(each, Layer.FILE, where, Format.YAML) for each in (text, after))
    if any(found.rule is Rule.SYNTAX for found in old.diagnostics):
        return text, 0  # its scalars cannot be told; checking it tells why
    if has_wandb_form(old.tree.data):
        return text, 0  # it is read by the rules of YAML 1.1 already
    if not same_value(old.tree.data, new.tree.data):
        message = "was not fixed: a value would have changed with it"
        raise SettingsError.of(Rule.YAML_SCALAR, message, origin=Origin(Layer.FILE, where))
    return after, count
