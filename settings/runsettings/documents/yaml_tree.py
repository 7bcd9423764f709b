"""From libyaml's events straight to values and marks, in one loop without recursion.

Composing nodes first, as PyYAML's loaders do, spends most of the time in making objects and
resolving tags that nobody looks at. Here a plain scalar is resolved by its first character,
and nothing is made for a leaf but its value and one integer that holds its place.
"""

from __future__ import annotations

from typing import Any, Final

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from runsettings.documents.faults import Faults
from runsettings.documents.limits import ALIAS_BUDGET, MAX_DEPTH
from runsettings.documents.yaml_faults import add_syntax_fault
from runsettings.documents.yaml_scalars import PREFIX, TELLING, resolve_plain, resolve_tagged
from runsettings.values.diagnostic import Rule
from runsettings.values.directive import Append, Delete, Replace
from runsettings.values.tree import Branch, KeyPath, SequenceMarks, unpack

PARSER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser, or PyYAML's own where it was built without."""

_ONE: Final = 1 << 32 | 1
"""Makes a packed 0-based position 1-based."""
_KEY_SHIFT: Final = 64
_PLACE: Final = (1 << _KEY_SHIFT) - 1


class _Slot:
    """A key that is no key of the data: what was read for it is taken out again.

    One is made for each ``<<`` (`merge` is true) and for each mapping or sequence that stands
    where a key must be.
    """

    __slots__ = ("mark", "merge")

    def __init__(self, mark: int, *, merge: bool = False) -> None:
        self.mark = mark
        self.merge = merge


_AWAIT: Final[Any] = _Slot(0)
"""The state of a mapping whose next event is a key."""
_ITEM: Final[Any] = _Slot(0)
"""The state of a sequence, always."""
_COMPLEX: Final[Any] = _Slot(0)
"""The state of a mapping while a mapping or sequence stands where a key must be."""


class Anchored:
    """What an anchor names: value, marks, how many values it stands for, and its height."""

    __slots__ = ("height", "mark", "size", "value")

    def __init__(self, value: Any, mark: Any, size: int, height: int) -> None:
        self.value = value
        self.mark = mark
        self.size = size
        self.height = height


class Builder:
    """Builds the values and marks of one YAML text.

    Args:
        faults: Holds the text; receives what is wrong with it.

    Attributes:
        directives: Whether a `Directive` was met.
    """

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.directives = False
        self._anchors: dict[str, Any] = {}
        self._spent = 0
        self._budget = ALIAS_BUDGET + len(faults.text)
        # The containers around the current one, each with the state to go on with:
        # data, marks, key, its mark, slots, size of inner containers, height, anchor, tag.
        self._stack: list[tuple[Any, ...]] = []

    def build(self) -> tuple[list[Any], list[Any]]:
        """The documents of the text (none or one) and their marks."""
        data: list[Any] = []
        marks: list[Any] = []
        try:
            self._run(data, marks)
        except yaml.YAMLError as error:
            add_syntax_fault(self.faults, error)
            if data and type(data[0]) is dict and data[0]:
                # What was being read when the text broke off may be half of what was meant.
                broken, _ = data[0].popitem()
                marks[0].pop(broken)
        return data, marks

    def _run(self, root: list[Any], root_marks: list[Any]) -> None:
        loader = PARSER(self.faults.text)
        get = loader.get_event
        stack = self._stack
        data: Any = root
        marks: Any = root_marks
        key: Any = _ITEM
        key_mark = 0
        slots: list[_Slot] | None = None
        size = height = 0
        anchor: str | None = None
        tag: str | None = None
        value: Any
        try:
            while True:
                event = get()
                kind = event.__class__
                if kind is ScalarEvent:
                    value = event.value
                    start = event.start_mark
                    mark = (start.line << 32 | start.column) + _ONE
                    if event.tag is not None:
                        value = self._tagged(event, mark, data, key)
                    elif not event.style and value[:1] in TELLING:
                        try:
                            value = resolve_plain(value)
                        except ValueError:
                            self._overlong(event, mark, data, key)
                    if event.anchor is not None:
                        self._anchors[event.anchor] = Anchored(value, mark, 1, 0)
                    if key is _AWAIT:
                        key_mark = mark << _KEY_SHIFT
                        key = value
                        if key in data or value == "<<":
                            key, slots = self._odd_key(event, value, mark, data, marks, slots)
                    elif key is _ITEM:
                        data.append(value)
                        marks.append(mark)
                    else:
                        data[key] = value
                        marks[key] = key_mark | mark
                        key = _AWAIT
                elif kind is MappingEndEvent or kind is SequenceEndEvent:
                    if slots is not None:
                        self._settle(data, marks, slots)
                    size += len(data)
                    height += 1
                    inner, inner_marks, inner_size, inner_height = data, marks, size, height
                    inner_anchor, inner_tag = anchor, tag
                    data, marks, key, slots, size, height, anchor, tag = stack.pop()
                    size += inner_size
                    height = max(height, inner_height)
                    value = inner
                    if inner_tag is not None:
                        value = self._directed(inner_tag, inner)
                        if key is _ITEM:
                            data[-1] = value
                        elif key is not _COMPLEX:
                            data[key] = value
                    if inner_anchor is not None and self._anchors[inner_anchor] is inner_marks:
                        self._anchors[inner_anchor] = Anchored(
                            value, inner_marks, inner_size, inner_height
                        )
                    if key is _COMPLEX:
                        key, slots = self._complex_key(inner_marks, slots)
                    elif key is not _ITEM:
                        key = _AWAIT
                elif kind is MappingStartEvent or kind is SequenceStartEvent:
                    start = event.start_mark
                    mark = (start.line << 32 | start.column) + _ONE
                    if len(stack) >= MAX_DEPTH:
                        self._too_deep(mark, data, key)
                        return
                    outer, outer_marks = data, marks
                    if kind is MappingStartEvent:
                        data = {}
                        marks = Branch.__new__(Branch)
                    else:
                        data = []
                        marks = SequenceMarks.__new__(SequenceMarks)
                    if key is _ITEM:
                        outer.append(data)
                        outer_marks.append(marks)
                        marks.here = mark
                    elif key is _AWAIT:
                        key = _COMPLEX
                        marks.here = mark
                    else:
                        outer[key] = data
                        outer_marks[key] = marks
                        marks.here = key_mark | mark
                    stack.append((outer, outer_marks, key, slots, size, height, anchor, tag))
                    tag = event.tag
                    if tag is not None:
                        tag = self._container_tag(tag, mark, kind is MappingStartEvent)
                    anchor = event.anchor
                    if anchor is not None:
                        self._anchors[anchor] = marks
                    slots = None
                    size = height = 0
                    key = _AWAIT if kind is MappingStartEvent else _ITEM
                elif kind is AliasEvent:
                    found = self._alias(event, data, key)
                    if found is None:
                        return
                    value, here = found.value, found.mark
                    size += found.size
                    height = max(height, found.height)
                    if key is _ITEM:
                        data.append(value)
                        marks.append(here)
                    elif key is not _AWAIT:
                        data[key] = value
                        marks[key] = _with_key(here, key_mark)
                        key = _AWAIT
                    elif isinstance(here, int):
                        start = event.start_mark
                        mark = (start.line << 32 | start.column) + _ONE
                        key_mark = mark << _KEY_SHIFT
                        key = value
                        if key in data or value == "<<":
                            key, slots = self._odd_key(event, value, mark, data, marks, slots)
                    else:
                        key, slots = self._complex_key(here, slots)
                elif kind is DocumentStartEvent:
                    if root:
                        self._second_document(event)
                        return
                elif kind is StreamEndEvent:
                    return
        finally:
            # After an error, what was read until then counts, without the keys that are none.
            for outer, outer_marks, _, outer_slots, *_ in stack:
                if outer_slots is not None:
                    self._settle(outer, outer_marks, outer_slots)
            if slots is not None:
                self._settle(data, marks, slots)
            loader.dispose()

    def _path(self, data: Any = None, key: Any = _AWAIT) -> KeyPath:
        """The path of the current container, and of the value that is next in it."""
        frames = [(frame[0], frame[2]) for frame in self._stack[1:]]
        path: list[str | int] = [
            len(outer) - 1 if outer_key is _ITEM else _shown_key(outer_key)
            for outer, outer_key in frames
        ]
        if key is _ITEM and self._stack:
            path.append(len(data))
        elif key is not _AWAIT and key is not _ITEM:
            path.append(_shown_key(key))
        return tuple(path)

    def _add(self, rule: Rule, message: str, mark: int, path: KeyPath, **more: Any) -> None:
        self.faults.add(rule, message, unpack(mark)[0], path=path, **more)

    def _tagged(self, event: Any, mark: int, data: Any, key: Any) -> Any:
        """The value of a scalar with a tag; the text itself where the tag is at fault."""
        tag, text = event.tag, event.value
        path = self._path(data, key)
        width = event.end_mark.index - event.start_mark.index
        if tag == "!delete" and key is not _AWAIT and not text and not event.style:
            self.directives = True
            return Delete()
        if tag in _DIRECTIVES:
            self._add(Rule.SYNTAX, _DIRECTIVES[tag], mark, path, width=width)
            return text
        try:
            return resolve_tagged(tag, text, plain=not event.style)
        except LookupError:
            self._unsafe(tag, mark, path)
        except ValueError:
            message = f"{text!r} is no value of {_shown_tag(tag)}"
            self._add(Rule.BAD_VALUE, message, mark, path, width=width)
        return text

    def _container_tag(self, tag: str, mark: int, is_mapping: bool) -> str | None:
        """The tag of a container that the loop has to act on when the container ends."""
        if tag in {"!", PREFIX + ("map" if is_mapping else "seq")}:
            return None
        if tag == ("!replace" if is_mapping else "!append"):
            self.directives = True
            return tag
        if tag in _DIRECTIVES:
            self._add(Rule.SYNTAX, _DIRECTIVES[tag], mark, self._path(), width=len(tag))
        elif tag in {PREFIX + "map", PREFIX + "seq"}:
            message = f"{_shown_tag(tag)} stands before a {'mapping' if is_mapping else 'list'}"
            self._add(Rule.BAD_VALUE, message, mark, self._path(), width=len(_shown_tag(tag)))
        else:
            self._unsafe(tag, mark, self._path())
        return None

    def _directed(self, tag: str, inner: Any) -> Any:
        return Append(inner) if tag == "!append" else Replace(inner)

    def _unsafe(self, tag: str, mark: int, path: KeyPath) -> None:
        shown = _shown_tag(tag)
        self._add(
            Rule.UNSAFE_TAG,
            f"the tag {shown} is not one of the safe ones",
            mark,
            path,
            width=len(shown),
            hint="remove the tag; known are !!str, !!int, !!float, !!bool, !!null, !!map, "
            "!!seq, !append, !replace and !delete",
        )

    def _overlong(self, event: Any, mark: int, data: Any, key: Any) -> None:
        message = f"an integer of {len(event.value):,} digits is too long to read"
        path = self._path(data, key)
        self._add(
            Rule.BAD_VALUE, message, mark, path, width=len(event.value), hint="quote it if a text"
        )

    def _odd_key(
        self,
        event: Any,
        value: Any,
        mark: int,
        data: dict[Any, Any],
        marks: dict[Any, Any],
        slots: list[_Slot] | None,
    ) -> tuple[Any, list[_Slot] | None]:
        """What to do with a merge key, or with a key that the mapping has already."""
        merge = value == "<<" and isinstance(event, ScalarEvent) and not event.style
        first: int | None = None
        if merge:
            first = next((slot.mark for slot in slots or () if slot.merge), None)
        elif value in data:
            first = _place_of(marks[value], key=True)
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
        slot = _Slot(mark, merge=True)
        return slot, [*(slots or ()), slot]

    def _complex_key(self, here: Any, slots: list[_Slot] | None) -> tuple[Any, list[_Slot]]:
        """Report a container that stands where a key must be."""
        slot = _Slot(_place_of(here))
        message = "a mapping or list cannot be a key"
        self._add(
            Rule.SYNTAX, message, slot.mark, self._path(), hint="quote the key if it is a text"
        )
        return slot, [*(slots or ()), slot]

    def _alias(self, event: Any, data: Any, key: Any) -> Anchored | None:
        """What an alias stands for; ``None`` if reading has to end here."""
        name = event.anchor
        start = event.start_mark
        mark = (start.line << 32 | start.column) + _ONE
        path = self._path(data, key)
        width = len(name) + 1
        found = self._anchors.get(name)
        if found is None:
            message = f"the alias *{name} stands for nothing: no &{name} comes before it"
            self._add(Rule.SYNTAX, message, mark, path, width=width)
            return Anchored(None, mark, 1, 0)
        if not isinstance(found, Anchored):
            message = f"the alias *{name} stands inside of &{name}, and so contains itself"
            self._add(Rule.CYCLE, message, mark, path, width=width)
            return Anchored(None, mark, 1, 0)
        self._spent += found.size
        if self._spent > self._budget:
            message = f"the aliases up to here stand for more than {self._budget:,} values"
            self._add(Rule.ALIAS_BUDGET, message, mark, path, width=width)
            return None
        if len(self._stack) + found.height > MAX_DEPTH:
            self._too_deep(mark, data, key)
            return None
        return found

    def _too_deep(self, mark: int, data: Any, key: Any) -> None:
        message = f"values are nested more than {MAX_DEPTH} levels deep"
        # The path to such a place would fill the screen and say nothing.
        self._add(Rule.TOO_DEEP, message, mark, self._path(data, key)[:1])

    def _second_document(self, event: Any) -> None:
        mark = (event.start_mark.line << 32 | event.start_mark.column) + _ONE
        self._add(
            Rule.SYNTAX,
            "a second YAML document begins here, and a file can hold only one",
            mark,
            (),
            width=3,
            hint="put it into a file of its own",
        )

    def _settle(self, data: dict[Any, Any], marks: dict[Any, Any], slots: list[_Slot]) -> None:
        """Take the slots out of a mapping, and merge into it what stands behind each ``<<``."""
        inherited: dict[Any, Any] = {}
        inherited_marks: dict[Any, Any] = {}
        for slot in slots:
            value, here = data.pop(slot, None), marks.pop(slot, None)
            if not slot.merge or here is None:
                continue
            sources = zip(value, here, strict=True) if type(value) is list else [(value, here)]
            for source, source_marks in sources:
                if type(source) is not dict:
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


_DIRECTIVES: Final = {
    "!append": "!append stands before a list: `!append [a, b]`",
    "!replace": "!replace stands before a mapping: `!replace {a: 1}`",
    "!delete": "!delete stands alone: `key: !delete`",
}
"""The tags that make directives, and what to say where they do not fit."""


def _shown_key(key: Any) -> str:
    if isinstance(key, _Slot):
        return "<<" if key.merge else "?"
    return key if isinstance(key, str) else str(key)


def _shown_tag(tag: str) -> str:
    return "!!" + tag.removeprefix(PREFIX) if tag.startswith(PREFIX) else tag


def _place_of(here: Any, *, key: bool = False) -> int:
    """The packed place of a leaf or container, or of its key."""
    mark: int = here if isinstance(here, int) else here.here
    return mark >> _KEY_SHIFT if key and mark >> _KEY_SHIFT else mark & _PLACE


def _with_key(here: Any, key_mark: int) -> Any:
    """The marks of an anchor's value, for another key that an alias gives it."""
    if isinstance(here, int):
        return here & _PLACE | key_mark
    if isinstance(here, Branch):
        branch = Branch((here.here & _PLACE) | key_mark)  # type: ignore[operator]
        branch.update(here)
        return branch
    items = SequenceMarks((here.here & _PLACE) | key_mark)
    items.extend(here)
    return items
