"""Changes the tags of a run in a store. The journal of the run may be on another machine.

A change is stored as an event at a negative position, which no record of a journal has. The change
is applied again to the tags of each later batch, so that a shipper cannot undo it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, func, insert, select, update

from runsettings.journal.reader import parse
from runsettings.journal.replay import StoredRun
from runsettings.journal.writer import encode
from runsettings.shipping.stores.reading import ShippedRun
from runsettings.shipping.stores.rows import tag_values
from runsettings.shipping.stores.tables import events, runs

_TYPE = "tags"


def change_tags(
    connection: Connection, run: StoredRun, add: Iterable[str], remove: Iterable[str], now: float
) -> list[str] | None:
    """Change the tags of a run.

    Args:
        connection: A connection in a transaction.
        run: The run, from `reading.list_runs`.
        add: Tags to add.
        remove: Tags to remove.
        now: The current time by the store's clock, in seconds since 1970.

    Returns:
        The tags of the run after the change; ``None`` if the run was removed in the meantime.
    """
    assert isinstance(run, ShippedRun)
    key = run.key
    lock = select(runs.c.record, runs.c.attributes).where(runs.c.key == key).with_for_update()
    found = connection.execute(lock).first()
    record = None if found is None or found.record is None else parse(found.record.encode())
    if found is None or record is None:
        return None
    change = {"type": _TYPE, "time": now, "add": list(add), "remove": list(remove)}
    lowest = select(func.min(events.c.position)).where(events.c.run == key)
    position = min(connection.execute(lowest).scalar_one() or 0, 0) - 1
    row = {"run": key, "position": position, "type": _TYPE, "time": now}
    connection.execute(insert(events).values(**row, text=encode(change).decode().strip()))
    tags = changed_tags(connection, key, record["tags"])
    values = tag_values(record, dict(found.attributes), tags)
    connection.execute(update(runs).where(runs.c.key == key).values(values))
    return tags


def changed_tags(connection: Connection, key: int, tags: Sequence[str]) -> list[str]:
    """Apply all changes that were made in the store to the tags of a run.

    Args:
        connection: A connection in a transaction.
        key: The number of the run in the store.
        tags: The tags from the journal.

    Returns:
        The tags after the changes.
    """
    found = (
        select(events.c.text)
        .where(events.c.run == key, events.c.position < 0)
        .order_by(events.c.position.desc())
    )
    for text in connection.execute(found).scalars():
        change = parse(text.encode()) or {}
        add, remove = change.get("add", ()), change.get("remove", ())
        tags = [tag for tag in tags if tag not in remove]
        tags += [tag for tag in add if tag not in tags]
    return list(tags)
