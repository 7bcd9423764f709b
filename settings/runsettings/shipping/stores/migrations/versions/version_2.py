"""Version 2: the sections of a run in texts of their own, and a smaller index of the runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from runsettings.journal.reader import parse
from runsettings.journal.writer import encode

revision = "2"
down_revision = "1"

_SECTIONS = ("config", "summary", "metadata")
_ROWS = 500
"""The number of runs that are in memory at a time."""

_runs = sa.table(
    "runsettings_runs",
    sa.column("key", sa.BigInteger),
    sa.column("removed", sa.Double),
    sa.column("record", sa.Text),
    *(sa.column(f"{name}_text", sa.Text) for name in _SECTIONS),
)


def upgrade() -> None:
    """Move the sections out of the records, so that a list reads only those that it shows."""
    for name in _SECTIONS:
        op.add_column("runsettings_runs", sa.Column(f"{name}_text", sa.Text))
    _move_sections(op.get_bind())
    op.drop_index("runsettings_runs_latest", "runsettings_runs")
    op.create_index(
        "runsettings_runs_latest",
        "runsettings_runs",
        ["project", "id", "created", "key"],
        postgresql_where=_runs.c.removed.is_(None),
        sqlite_where=_runs.c.removed.is_(None),
    )


def _move_sections(connection: sa.Connection) -> None:
    texts: dict[str, sa.BindParameter[str]] = {
        f"{name}_text": sa.bindparam(f"new_{name}") for name in _SECTIONS
    }
    move = (
        sa.update(_runs)
        .where(_runs.c.key == sa.bindparam("of"))
        .values(record=sa.bindparam("new_record"), **texts)
    )
    last = 0
    found = sa.select(_runs.c.key, _runs.c.record).where(_runs.c.record.is_not(None))
    while rows := connection.execute(
        found.where(_runs.c.key > last).order_by(_runs.c.key).limit(_ROWS)
    ).all():
        last = rows[-1].key
        moved = [values for row in rows if (values := _moved(row.key, row.record)) is not None]
        if moved:
            connection.execute(move, moved)


def _moved(key: int, text: str) -> dict[str, object] | None:
    """The new texts of a run; ``None`` for a damaged record, which stays as it is."""
    record = parse(text.encode())
    if record is None:
        return None
    sections = {f"new_{name}": record.pop(name, {}) for name in _SECTIONS}
    objects = {"new_record": record, **sections}
    return {"of": key, **{name: encode(each).decode() for name, each in objects.items()}}
