"""Handles the rare cases of a YAML text: tags, aliases, merge keys, and most diagnostics.

The loop in `building` handles every event. It calls these methods where something is not a
plain scalar, mapping or sequence with a new key.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from yaml.events import ScalarEvent

from runsettings.documents.limits import ALIAS_BUDGET, MAX_DEPTH
from runsettings.documents.text_diagnostics import TextDiagnostics
from runsettings.documents.yaml.scalars import PREFIX, Schema, resolve_tagged
from runsettings.documents.yaml.tags import DIRECTIVES, instead_of, shown_tag
from runsettings.values.diagnostic import Rule
from runsettings.values.directives import Append, Delete, Replace
from runsettings.values.key_paths import KeyPath
from runsettings.values.positions import KEY_SHIFT, Branch, SequenceMarks, unpack

ONE: Final = 1 << 32 | 1
"""Makes a packed 0-based position 1-based."""
CHARACTERS: Final = 64
"""For the budget of aliases, a string counts as one more value for each 64 characters."""
_POSITION: Final = (1 << KEY_SHIFT) - 1


class Slot:
    """A temporary key: it is removed, with its value, at the end of the mapping.

    One is made for each ``<<`` (`merge` is true), and for each mapping or list in the place of a
    key.
    """

    __slots__ = ("mark", "merge")

    def __init__(self, mark: int, *, merge: bool = False) -> None:
        self.mark = mark
        self.merge = merge


AWAIT: Final[Any] = Slot(0)
"""The state of a mapping whose next event is a key."""
ITEM: Final[Any] = Slot(0)
"""The state of a sequence."""
COMPLEX: Final[Any] = Slot(0)
"""The state of a mapping while it has a mapping or sequence in the place of a key."""


class Anchored:
    """The value of an anchor, with its marks, how many values it expands to, and its height."""

    __slots__ = ("height", "mark", "size", "value")

    def __init__(self, value: Any, mark: Any, size: int, height: int) -> None:
        self.value = value
        self.mark = mark
        self.size = size
        self.height = height


class RareCases:
    """The state of reading one YAML text that the rare cases need, and what they do.

    Args:
        diagnostics: Holds the text; receives what is wrong with it.
        schema: How plain scalars are read.

    Attributes:
        stack: The containers around the current one, each with its state: data, marks, key, slots,
            size of the inner containers, height, anchor, tag.
        anchors: The `Anchored` of each anchor; while its container is open, the marks of that.
        directives: Whether a `Directive` was found.
    """

    def __init__(self, diagnostics: TextDiagnostics, schema: Schema) -> None:
        self.diagnostics = diagnostics
        self.schema = schema
        self.stack: list[tuple[Any, ...]] = []
        self.anchors: dict[str, Any] = {}
        self.directives = False
        self._unsafe_tags: dict[str, tuple[int, int]] = {}  # index of the diagnostic, and times
        self._without_anchor: set[int] = set()  # positions of aliases that are reported
        self._spent = 0
        self._budget = ALIAS_BUDGET + len(diagnostics.text)

    def _path(self, data: Any = None, key: Any = AWAIT) -> KeyPath:
        """The path of the current container, or of the next value in it."""
        frames = [(frame[0], frame[2]) for frame in self.stack[1:]]
        path: list[str | int] = [
            len(outer) - 1 if outer_key is ITEM else _shown_key(outer_key)
            for outer, outer_key in frames
        ]
        if key is ITEM and self.stack:
            path.append(len(data))
        elif key is not AWAIT and key is not ITEM:
            path.append(_shown_key(key))
        return tuple(path)

    def _add(self, rule: Rule, message: str, mark: int, path: KeyPath, **more: Any) -> None:
        self.diagnostics.add(rule, message, unpack(mark)[0], path=path, **more)

    def tagged(self, event: Any, mark: int, data: Any, key: Any) -> Any:
        """The value of a scalar with a tag; the text itself if it is not a value of that type.

        Args:
            event: The scalar.
            mark: Its packed position.
            data: The container around it.
            key: Its key in a mapping, or the state of the container.
        """
        tag, text = event.tag, event.value
        path = self._path(data, key)
        width = event.end_mark.index - event.start_mark.index
        if tag == "!delete" and key is not AWAIT and not text and not event.style:
            self.directives = True
            return Delete()
        if tag in DIRECTIVES:
            self._add(Rule.SYNTAX, DIRECTIVES[tag], mark, path, width=width)
            return text
        try:
            return resolve_tagged(tag, text, plain=not event.style, schema=self.schema)
        except LookupError:
            self._unsafe(tag, mark, path, is_scalar=True)
        except ValueError:
            # The message does not repeat the text, which may be a secret: the excerpt masks it.
            message = f"this is not a value of the type {shown_tag(tag)}"
            self._add(Rule.BAD_VALUE, message, mark, path, width=width)
        return text

    def container_tag(self, tag: str, mark: int, is_mapping: bool) -> str | None:
        """The tag of a container, if it makes a directive of the container.

        Args:
            tag: The tag.
            mark: The packed position of the container.
            is_mapping: Whether the container is a mapping; otherwise it is a list.
        """
        if tag in {"!", PREFIX + ("map" if is_mapping else "seq")}:
            return None
        if tag == ("!replace" if is_mapping else "!append"):
            self.directives = True
            return tag
        if tag in DIRECTIVES:
            self._add(Rule.SYNTAX, DIRECTIVES[tag], mark, self._path(), width=len(tag))
        elif tag in {PREFIX + "map", PREFIX + "seq"}:
            message = f"{shown_tag(tag)} is followed by a {'mapping' if is_mapping else 'list'}"
            self._add(Rule.BAD_VALUE, message, mark, self._path(), width=len(shown_tag(tag)))
        else:
            self._unsafe(tag, mark, self._path(), is_scalar=False)
        return None

    def directed(self, tag: str, inner: Any) -> Any:
        """The directive that the tag ``!append`` or ``!replace`` makes of a container."""
        return Append(inner) if tag == "!append" else Replace(inner)

    def _unsafe(self, tag: str, mark: int, path: KeyPath, *, is_scalar: bool) -> None:
        """Report a tag that is not safe, once in a text: some files have thousands of one."""
        shown, found = shown_tag(tag), self.diagnostics.found
        message = f"the tag {shown} is not one of the safe tags"
        if tag in self._unsafe_tags:
            at, times = self._unsafe_tags[tag]
            self._unsafe_tags[tag] = at, times + 1
            more = f"{message}; it stands {times + 1} times in this file"
            found[at] = dataclasses.replace(found[at], message=more)
            return
        hint = instead_of(shown, is_scalar=is_scalar)
        self._add(Rule.UNSAFE_TAG, message, mark, path, width=len(shown), hint=hint)
        self._unsafe_tags[tag] = len(found) - 1, 1

    def refused(self, event: Any, mark: int, data: Any, key: Any, error: ValueError) -> None:
        """Report a number that Python cannot hold; its value stays a string."""
        path, width = self._path(data, key), len(event.value)
        hint = "quote it if it is a text"
        self._add(Rule.BAD_VALUE, str(error), mark, path, width=width, hint=hint)

    def odd_key(
        self,
        event: Any,
        value: Any,
        mark: int,
        data: dict[Any, Any],
        marks: dict[Any, Any],
        slots: list[Slot] | None,
    ) -> tuple[Any, list[Slot] | None]:
        """The key to use for a merge key or a duplicate key, and the slots of the mapping."""
        merge = value == "<<" and isinstance(event, ScalarEvent) and not event.style
        first: int | None = None
        if merge:
            first = next((slot.mark for slot in slots or () if slot.merge), None)
        elif value in data:
            first = _position_of(marks[value], key=True)
        if first is not None:
            width = event.end_mark.index - event.start_mark.index
            self._add(
                Rule.DUPLICATE_KEY,
                f"{_shown_key(value)!r} is set twice in one mapping",
                mark,
                (*self._path(), _shown_key(value)),
                width=width,
                hint="keep one of them",
                related=(unpack(first)[0], width),
            )
        if not merge:
            return value, slots
        slot = Slot(mark, merge=True)
        return slot, [*(slots or ()), slot]

    def complex_key(self, here: Any, slots: list[Slot] | None) -> tuple[Any, list[Slot]]:
        """Report a mapping or list in the place of a key."""
        slot = Slot(_position_of(here))
        message, hint = "a mapping or list cannot be a key", "quote the key if it is a text"
        offset = self.diagnostics.offset(unpack(slot.mark)[0])
        if self.diagnostics.text.startswith("{{", offset - 1):
            message = "a template, {{ … }}, is not a YAML value"
            hint = "fill in the template first, or quote the value"
        self._add(Rule.SYNTAX, message, slot.mark, self._path(), hint=hint)
        return slot, [*(slots or ()), slot]

    def alias(self, event: Any, data: Any, key: Any) -> Anchored | None:
        """The value of an alias; ``None`` if reading has to end here."""
        name = event.anchor
        start = event.start_mark
        mark = (start.line << 32 | start.column) + ONE
        path = self._path(data, key)
        width = len(name) + 1
        found = self.anchors.get(name)
        if found is None:
            message = f"the alias *{name} has no anchor: there is no &{name} before it"
            hint = "quote it if it is a text"
            self._add(Rule.SYNTAX, message, mark, path, width=width, hint=hint)
            self._without_anchor.add(mark)
            return Anchored(None, mark, 1, 0)
        if not isinstance(found, Anchored):
            message = f"the alias *{name} is inside of &{name}, and would contain itself"
            self._add(Rule.CYCLE, message, mark, path, width=width)
            return Anchored(None, mark, 1, 0)
        self._spent += found.size
        if self._spent > self._budget:
            message = f"the aliases up to here expand to more than {self._budget:,} values"
            self._add(Rule.ALIAS_BUDGET, message, mark, path, width=width)
            return None
        if len(self.stack) + found.height > MAX_DEPTH:
            self.too_deep(mark, data, key)
            return None
        return found

    def too_deep(self, mark: int, data: Any, key: Any) -> None:
        """Report that the depth limit is passed."""
        message = f"values are nested more than {MAX_DEPTH} levels deep"
        # The whole path would fill the screen.
        self._add(Rule.TOO_DEEP, message, mark, self._path(data, key)[:1])

    def second_document(self, event: Any) -> None:
        """Report that a second document begins."""
        mark = (event.start_mark.line << 32 | event.start_mark.column) + ONE
        self._add(
            Rule.SYNTAX,
            "a second YAML document begins here, and a file can hold only one",
            mark,
            (),
            width=3,
            hint="put it into a file of its own",
        )

    def settle(self, data: dict[Any, Any], marks: dict[Any, Any], slots: list[Slot]) -> None:
        """Remove the slots from a mapping, and merge the values of ``<<`` into it.

        Args:
            data: The mapping.
            marks: Its marks.
            slots: Its slots.
        """
        inherited: dict[Any, Any] = {}
        inherited_marks: dict[Any, Any] = {}
        for slot in slots:
            value, here = data.pop(slot, None), marks.pop(slot, None)
            if not slot.merge or here is None:
                continue
            sources = zip(value, here, strict=True) if type(value) is list else [(value, here)]
            for source, source_marks in sources:
                if type(source) is not dict:
                    if _position_of(source_marks) in self._without_anchor:
                        continue
                    message = "<< takes a mapping, or a list of mappings"
                    path = (*self._path(), "<<")
                    self._add(Rule.BAD_VALUE, message, slot.mark, path, width=2)
                    continue
                for key, inner in source.items():
                    if key not in data and key not in inherited:
                        inherited[key] = inner
                        inherited_marks[key] = source_marks[key]
        if inherited:
            own, own_marks = data.copy(), dict(marks)
            data.clear()
            marks.clear()
            data.update(inherited)
            marks.update(inherited_marks)
            data.update(own)
            marks.update(own_marks)


def _shown_key(key: Any) -> str:
    if isinstance(key, Slot):
        return "<<" if key.merge else "?"
    return key if isinstance(key, str) else str(key)


def _position_of(here: Any, *, key: bool = False) -> int:
    """The packed position of a leaf or container, or of its key."""
    mark: int = here if isinstance(here, int) else here.here
    return mark >> KEY_SHIFT if key and mark >> KEY_SHIFT else mark & _POSITION


def with_key(here: Any, key_mark: int) -> Any:
    """The marks of an anchor's value under the key of an alias.

    Args:
        here: The marks of the value.
        key_mark: The packed position of the key, shifted by `KEY_SHIFT`.
    """
    if isinstance(here, int):
        return here & _POSITION | key_mark
    if isinstance(here, Branch):
        branch = Branch((here.here & _POSITION) | key_mark)  # type: ignore[operator]
        branch.update(here)
        return branch
    items = SequenceMarks((here.here & _POSITION) | key_mark)
    items.extend(here)
    return items
