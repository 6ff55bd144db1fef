"""What the doctor asks about orders: our own tables and evenhand.yaml, nothing of the ATS."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from orchestrator.config.schema import Configuration
from orchestrator.db.repositories import orders
from orchestrator.domain.doctor_facts import OrderFacts
from orchestrator.domain.ordering import offers_of
from orchestrator.services.connections import AtsConnection
from orchestrator.services.orders.books import book_of, edition_of

STUCK, HELD, UNTOLD = timedelta(minutes=15), timedelta(days=1), timedelta(hours=1)
"""How long an order may wait for us, for a stage to be mapped, and a message for its ATS, before somebody should look."""


async def order_facts(
    session: AsyncSession, connection: AtsConnection, configuration: Configuration, *, base_url: str, now: datetime
) -> OrderFacts | None:
    """How orders of a connection stand; None where nothing can be ordered."""
    if connection.desk is None:
        return None
    published: bool | None = None
    if book_of(connection) is not None:
        last = await orders.published(session, connection.key)
        offers = offers_of(configuration.programs, connection.key)
        published = last is not None and last.edition == edition_of(offers, connection)
    waiting = await orders.waiting(session, connection.key, stuck=now - STUCK, held=now - HELD, untold=now - UNTOLD)
    return OrderFacts(
        address=f"{base_url}/partner/{connection.key}/",
        names_applications=connection.desk.server.names_applications,
        published=published,
        last_order=waiting.last,
        stuck=waiting.stuck,
        held=waiting.held,
        untold=waiting.untold,
    )
