"""Candidate links: 256-bit tokens, derived and never stored; only their hash is.

A token is made from the installation's secret key, the interview and its round, so that a mail that has to be sent
again carries the same link, and a new round carries a new one.
"""

import base64
import hashlib
import hmac
import uuid


class LinkMaker:
    """Makes links to the pages of one installation."""

    def __init__(self, *, base_url: str, secret_key: str) -> None:
        self._base_url = base_url
        self._key = hashlib.sha256(b"candidate-link\n" + secret_key.encode()).digest()

    def token(self, interview_id: uuid.UUID, round_: int) -> str:
        """The token of one round of one interview: 43 URL-safe characters."""
        digest = hmac.digest(self._key, f"{interview_id}:{round_}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def fingerprint(self, token: str) -> str:
        """What is stored of a token, keyed: with another secret key every stored link is dead."""
        return hmac.digest(self._key, b"stored\n" + token.encode(), "sha256").hex()

    def candidate(self, interview_id: uuid.UUID, round_: int) -> str:
        """The whole link for the candidate."""
        return f"{self._base_url}/i/{self.token(interview_id, round_)}"

    def result(self, audit_ref: str) -> str:
        """The link behind the write-back; it needs a signed-in account."""
        return f"{self._base_url}/results/{audit_ref}"

    def application(self, application_id: uuid.UUID | None) -> str:
        """The link that an ATS shows beside an order that has no result yet; it needs a signed-in account."""
        return f"{self._base_url}/operations/applications/{application_id}" if application_id else f"{self._base_url}/"


def token_hash(token: str) -> str:
    """SHA-256 (hex) of a random session token: all that is stored of it."""
    return hashlib.sha256(token.encode()).hexdigest()
