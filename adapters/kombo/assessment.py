"""Kombo's assessments: orders come by webhook, packages and results are put there by us.

The half that Kombo calls does no I/O. Its signature is over the body, which ``authenticate`` does not see: that admits
nobody without a signature and remembers with which secrets to check it, and ``read`` checks it before anything else.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress

import msgspec

from adapters.contract.assessment import (
    AssessmentOffer,
    CheckConnection,
    OrderPage,
    OrderReport,
    PartnerRequest,
    PlaceOrder,
)
from adapters.contract.delivery import Answer
from adapters.contract.errors import NotFound, PayloadInvalid, Refused, SignatureInvalid, Unsupported
from adapters.kit.http import HttpClient, utc_now
from adapters.kit.payload import decode
from adapters.kombo import orders, webhook
from adapters.kombo.client import PAGE_SIZE
from adapters.kombo.mapping import Enveloped, Page, checked

ROUTE = ("POST", "orders")


class KomboAssessments:
    """The half that Kombo calls, for one connection; implements ``AssessmentServer``."""

    names_applications = True

    def __init__(self) -> None:
        self._secrets: tuple[str, ...] = ()

    @property
    def routes(self) -> tuple[tuple[str, str], ...]:
        """The address of the webhook for orders."""
        return (ROUTE,)

    def authenticate(self, headers: Mapping[str, str], *, secrets: Sequence[str]) -> None:
        """Admit nobody without a signature; whether it is right is seen in ``read``.

        Raises:
            SignatureInvalid: no signature, or no secret to check it with.
        """
        self._secrets = tuple(secret for secret in secrets if secret)
        if not headers.get(webhook.SIGNATURE) or not self._secrets:
            raise SignatureInvalid("the request is not signed")

    def read(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],  # noqa: ARG002 - the port's signature; Kombo sends none
        headers: Mapping[str, str],
        body: bytes,
    ) -> PartnerRequest:
        """Check the signature, and say what the delivery means. What is no open order asks nothing of us.

        Raises:
            SignatureInvalid: wrongly signed.
            PayloadInvalid: no such address, or not the documented shape.
        """
        webhook.verify(headers, body, secrets=self._secrets, now=utc_now())
        if (method.upper(), path.strip("/")) != ROUTE:
            raise PayloadInvalid("Kombo asks for nothing at this address")
        if not webhook.is_order(body):
            return CheckConnection()
        order = decode(body, orders.OrderDelivery, what="the order").data
        return PlaceOrder(orders.to_order(order)) if order.status == orders.OPEN else CheckConnection()

    def offers(self, offers: Sequence[AssessmentOffer]) -> Answer:
        """Kombo never asks; this is what it would be told."""
        return _json(200, orders.from_offers(offers))

    def ordered(self, order_id: str) -> Answer:
        """The order is taken; Kombo looks at the status alone."""
        return _json(200, {"id": order_id})

    def refused(self, reason: str) -> Answer:
        """The order cannot be carried out. Kombo shows nobody why: whoever reads the log of deliveries sees it."""
        return _json(422, {"error": reason})

    def status(self, report: OrderReport) -> Answer:
        """Kombo never asks; how an order stands is told."""
        return _json(200, {"id": report.order_id, "progress": report.progress.value})

    def acknowledged(self, order_id: str | None = None) -> Answer:
        """Taken note of."""
        return _json(200, {} if order_id is None else {"id": order_id})

    def unauthorised(self) -> Answer:
        """Not signed."""
        return _json(401, {"error": "unauthorized"})


class KomboReporter:
    """The half that we call; implements ``AssessmentReporter`` and ``OrderBook``."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def report(self, report: OrderReport) -> None:
        """Put a final result, once: an order that has one already takes no other, so it is looked at first.

        Raises:
            Unsupported: not final yet.
            Refused: ``no_order`` where the order is none of Kombo's, ``order_closed`` where it has another end.
            OutcomeUnknown: the request was sent and not answered; telling it again is safe.
        """
        if report.progress not in orders.FINAL_WORDS:
            raise Unsupported("news of an order before its result")
        if report.report_to is None:
            raise Refused("this order has no id of Kombo's", code="no_order")
        order_id = checked(report.report_to)
        stands = (await self._order(order_id)).status
        if stands == orders.FINAL_WORDS[report.progress]:
            return
        if stands != orders.OPEN:
            raise Refused("the order has ended already, and not like this", code="order_closed")
        await self._http.write("PUT", f"/assessment/orders/{order_id}/result", body=orders.from_report(report))

    async def publish(self, offers: Sequence[AssessmentOffer]) -> None:
        """Put the whole list of interviews that can be ordered; what is not in it is deleted at Kombo.

        Raises:
            OutcomeUnknown: the request was sent and not answered; putting the same list again changes nothing.
        """
        await self._http.write("PUT", "/assessment/packages", body=orders.from_offers(offers))

    async def open_orders(self, cursor: str | None) -> OrderPage:
        """Open orders, page by page, for those whose delivery was lost."""
        page = await self._orders({"statuses": orders.OPEN, "page_size": PAGE_SIZE}, cursor)
        readable = []
        for one in page.results:
            # Each by itself: Kombo shows what the ATS behind it tells, and one must not hide those beside and after it.
            with suppress(PayloadInvalid):
                readable.append(orders.to_order(decode(bytes(one), orders.OrderAnswer, what="an order")))
        unreadable = len(page.results) - len(readable)
        return OrderPage(orders=tuple(readable), cursor=page.next or None, unreadable=unreadable)

    async def aclose(self) -> None:
        """Release connections."""
        await self._http.aclose()

    async def _order(self, order_id: str) -> orders.OrderStanding:
        page = await self._orders({"ids": order_id}, None)
        read = (decode(bytes(one), orders.OrderStanding, what="an order") for one in page.results)
        found = next((one for one in read if one.id == order_id), None)
        if found is None:
            raise NotFound("Kombo shows no such order")
        return found

    async def _orders(self, query: Mapping[str, str | int], cursor: str | None) -> Page[msgspec.Raw]:
        params = {**query, **({"cursor": cursor} if cursor else {})}
        body = await self._http.read("/assessment/orders", params=params)
        return decode(body, Enveloped[Page[msgspec.Raw]], what="the list of orders").data


def _json(status: int, document: object) -> Answer:
    return Answer(status=status, headers={"content-type": "application/json"}, body=msgspec.json.encode(document))
