"""Deliveries of an Odoo automation rule. Pure.

Odoo signs nothing and numbers nothing. What makes a delivery ours is the random capability in the address that it came
to; the web layer takes it out of the path and puts it into a header. Nothing in the body is believed but the record id.
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from adapters.contract.errors import SignatureInvalid
from adapters.contract.events import Event, StageChanged, Unknown
from adapters.kit.payload import decode
from adapters.odoo.answers import SentAnything, SentApplicant
from adapters.odoo.mapping import APPLICANT

CAPABILITY = "x-evenhand-capability"


def verify(headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:  # noqa: ARG001 - the port's signature; Odoo signs neither body nor time
    """Check in constant time that the delivery came to an address with a capability of ours.

    Raises:
        SignatureInvalid: no capability, or one that we did not give out.
    """
    presented = headers.get(CAPABILITY, "").encode("utf-8", "surrogatepass")
    known = False
    for secret in secrets:
        # No early end: the time taken must not tell which capability matched.
        known |= hmac.compare_digest(secret.encode(), presented) and bool(secret)
    if not known:
        raise SignatureInvalid("the address has no capability of this connection")


def parse(headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:  # noqa: ARG001 - the port's signature
    """Say what a verified delivery means: the applicant with this id may have moved.

    Raises:
        PayloadInvalid: not the body of an automation rule, or one without ``write_date``. Without it two moves of one
            applicant are the same bytes, and the second would be taken for the first one sent twice.
    """
    sent = decode(body, SentAnything, what="the delivery")
    if sent.model != APPLICANT:
        return (Unknown(kind=sent.model),)
    return (StageChanged(application_id=str(decode(body, SentApplicant, what="the delivery").id)),)
