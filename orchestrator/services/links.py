"""Links with tokens: 256 bits, derived and never stored; only their hash is.

A candidate's token is made from the installation's secret key, the interview and its round, so that a mail that has to
be sent again carries the same link, and a new round carries a new one. The token of a result link is made from the
interview and a number, under a key of its own: neither opens what the other does.
"""

import base64
import hashlib
import hmac
import re
import uuid

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
"""What a token looks like; anything else was never one."""


class LinkMaker:
    """Makes links to the pages of one installation."""

    def __init__(self, *, base_url: str, secret_key: str) -> None:
        self._base_url = base_url
        self._key = _derived("candidate-link", secret_key)
        self._result_key = _derived("result-link", secret_key)

    def token(self, interview_id: uuid.UUID, round_: int) -> str:
        """The token of one round of one interview: 43 URL-safe characters."""
        return _token(self._key, f"{interview_id}:{round_}")

    def fingerprint(self, token: str) -> str:
        """What is stored of a token, keyed: with another secret key every stored link is dead."""
        return _fingerprint(self._key, token)

    def candidate(self, interview_id: uuid.UUID, round_: int) -> str:
        """The whole link for the candidate."""
        return f"{self._base_url}/i/{self.token(interview_id, round_)}"

    def result(self, audit_ref: str) -> str:
        """The link behind the write-back; it needs a signed-in account."""
        return f"{self._base_url}/results/{audit_ref}"

    def result_token(self, interview_id: uuid.UUID, generation: int) -> str:
        """The token of one result link of one interview: 43 URL-safe characters."""
        return _token(self._result_key, f"{interview_id}:{generation}")

    def result_fingerprint(self, token: str) -> str:
        """What is stored of the token of a result link, keyed as that of a candidate link is."""
        return _fingerprint(self._result_key, token)

    def shared_result(self, interview_id: uuid.UUID, generation: int) -> str:
        """The whole result link: it opens without an account, where and for as long as it was issued."""
        return f"{self._base_url}/r/{self.result_token(interview_id, generation)}"

    def application(self, application_id: uuid.UUID | None) -> str:
        """The link that an ATS shows beside an order without a result: to the open case, else the timeline; for accounts."""
        return f"{self._base_url}/review/applications/{application_id}" if application_id else f"{self._base_url}/"


def token_hash(token: str) -> str:
    """SHA-256 (hex) of a random session token: all that is stored of it."""
    return hashlib.sha256(token.encode()).hexdigest()


def _derived(purpose: str, secret_key: str) -> bytes:
    return hashlib.sha256(f"{purpose}\n{secret_key}".encode()).digest()


def _token(key: bytes, subject: str) -> str:
    return base64.urlsafe_b64encode(hmac.digest(key, subject.encode(), "sha256")).rstrip(b"=").decode()


def _fingerprint(key: bytes, token: str) -> str:
    return hmac.digest(key, b"stored\n" + token.encode(), "sha256").hex()
