"""Version 1: runs, series, chunks, files, events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "1"
down_revision = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_STEPS = sa.LargeBinary().with_variant(postgresql.ARRAY(sa.BigInteger()), "postgresql")
_NUMBERS = sa.LargeBinary().with_variant(postgresql.ARRAY(sa.Double()), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "runsettings_runs",
        sa.Column("key", _BIG, sa.Identity(), primary_key=True),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("generation", sa.String(16), nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("tail", sa.String(32), nullable=False),
        sa.Column("removed", sa.Double),
        sa.Column("created", sa.Double),
        sa.Column("state", sa.Text),
        sa.Column("promised", sa.Double),
        *(sa.Column(name, _JSON) for name in ("attributes", "config", "summary", "metadata")),
        sa.Column("record", sa.Text),
        sa.Column("details", sa.Text),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Filtered columns stay uncompressed in the row; the large texts are stored out of line.
        op.execute(
            "ALTER TABLE runsettings_runs ALTER attributes SET STORAGE MAIN, "
            "ALTER config SET STORAGE MAIN, ALTER summary SET STORAGE MAIN, "
            "ALTER metadata SET STORAGE MAIN, SET (toast_tuple_target = 4080)"
        )
    key = ["project", "id", "generation"]
    op.create_index("runsettings_runs_key", "runsettings_runs", key, unique=True)
    op.create_index("runsettings_runs_created", "runsettings_runs", ["created"])
    latest = ["project", "id", "created", "key"]
    op.create_index("runsettings_runs_latest", "runsettings_runs", latest)
    op.create_table(
        "runsettings_series",
        _run(),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
    )
    op.create_table(
        "runsettings_chunks",
        _run(),
        sa.Column("series", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("start", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("first_step", sa.BigInteger, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("minimum", sa.Double),
        sa.Column("maximum", sa.Double),
        sa.Column("last", sa.Double),
        sa.Column("mean", sa.Double),
        sa.Column("known", sa.Integer, nullable=False),
        sa.Column("whole", sa.Boolean, nullable=False),
        sa.Column("steps", _STEPS, nullable=False),
        sa.Column("times", _NUMBERS, nullable=False),
        sa.Column("values", _NUMBERS, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Compression of the numbers takes the server more time than storing a row for each.
        op.execute(
            "ALTER TABLE runsettings_chunks ALTER steps SET STORAGE EXTERNAL, "
            'ALTER times SET STORAGE EXTERNAL, ALTER "values" SET STORAGE EXTERNAL'
        )
    op.create_table(
        "runsettings_files",
        _run(),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary),
    )
    op.create_table(
        "runsettings_events",
        _run(),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("time", sa.Double),
        sa.Column("text", sa.Text, nullable=False),
    )


def _run() -> sa.Column[int]:
    """The column of the run that a row belongs to."""
    key = sa.ForeignKey("runsettings_runs.key", ondelete="CASCADE")
    return sa.Column("run", _BIG, key, primary_key=True)
