"""Changes the name, notes and tags of a run in a store. Its journal may be on another machine.

A change is stored as events at negative positions, which no record of a journal has. The changes
are applied again to each later batch, so that a shipper cannot undo them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from runsettings.journal.edits import Edit
from runsettings.journal.reader import parse
from runsettings.journal.replay import StoredRun
from runsettings.journal.writer import encode
from runsettings.shipping.stores.reading import ShippedRun
from runsettings.shipping.stores.rows import edited_values
from runsettings.shipping.stores.tables import events, runs


def edit_run(
    connection: Connection, run: StoredRun, edit: Edit, now: float
) -> dict[str, Any] | None:
    """Change a run.

    Args:
        connection: A connection in a transaction.
        run: The run, from `reading.list_runs`.
        edit: The change.
        now: The current time by the store's clock, in seconds since 1970.

    Returns:
        The edited members of the run after the change, by name; ``None`` if the run was removed in
        the meantime.
    """
    assert isinstance(run, ShippedRun)
    key = run.key
    lock = select(runs.c.record, runs.c.attributes).where(runs.c.key == key).with_for_update()
    found = connection.execute(lock).first()
    record = None if found is None or found.record is None else parse(found.record.encode())
    if found is None or record is None:
        return None
    lowest = select(func.min(events.c.position)).where(events.c.run == key)
    position = min(connection.execute(lowest).scalar_one() or 0, 0)
    for change in edit.records():
        position -= 1
        row = {"run": key, "position": position, "type": change["type"], "time": now}
        text = encode({**change, "time": now}).decode().strip()
        connection.execute(insert(events).values(**row, text=text))
    members = edited(connection, key, record)
    values = edited_values(record, dict(found.attributes), members)
    connection.execute(update(runs).where(runs.c.key == key).values(values))
    return members


def edited(connection: Connection, key: int, record: Mapping[str, Any]) -> dict[str, Any]:
    """Apply all changes that were made in the store to the members of a run.

    Args:
        connection: A connection in a transaction.
        key: The number of the run in the store.
        record: The run as JSON, from the journal.

    Returns:
        The members that can be edited, by name, after the changes.
    """
    found = (
        select(events.c.text)
        .where(events.c.run == key, events.c.position < 0)
        .order_by(events.c.position.desc())
    )
    members = {name: record.get(name) for name in ("tags", "name", "notes")}
    tags: list[str] = list(members["tags"] or ())
    for text in connection.execute(found).scalars():
        change = parse(text.encode()) or {}
        add, remove = change.get("add", ()), change.get("remove", ())
        tags = [tag for tag in tags if tag not in remove]
        tags += [tag for tag in add if tag not in tags]
        members.update((name, change[name]) for name in ("name", "notes") if name in change)
    return {**members, "tags": tags}
