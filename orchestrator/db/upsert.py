"""An INSERT that knows ON CONFLICT, written once for both databases."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.db.base import Base


def insert_into(table: sa.Table | type[Base], dialect: str) -> postgresql.Insert | sqlite.Insert:
    """``dialect`` is ``postgresql`` or ``sqlite``."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
