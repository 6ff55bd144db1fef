"""Making a calibration session: what it can be made of, and the session itself."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from orchestrator.db.base import new_id
from orchestrator.db.models.calibration import CalibrationItemRow, CalibrationRaterRow, CalibrationSessionRow
from orchestrator.db.repositories import calibration as rows
from orchestrator.db.repositories import interviews
from orchestrator.db.session import Database, Transaction
from orchestrator.domain.audit import AuditEvent
from orchestrator.domain.calibration import MOST_ITEMS, MOST_RATERS, GoldItem
from orchestrator.errors import InputInvalid, Missing
from orchestrator.ports import Clock
from orchestrator.services.calibration.gold_items import find_gold
from orchestrator.services.calibration.views import Choice, InterviewChoice, NewSession, NewSessionView, RubricChoice
from orchestrator.services.views import Account
from rubrics.loader import from_snapshot, snapshot
from rubrics.schema import Rubric, content_hash

OFFERED = 100
"""Interviews that are offered for a new session, the newest."""


class Making:
    """Makes sessions. ``rubrics`` are those of the library and of evenhand.yaml; older versions come from interviews."""

    def __init__(self, database: Database, clock: Clock, rubrics: Mapping[str, Rubric], gold: Path | None) -> None:
        self._database = database
        self._clock = clock
        self._rubrics = {content_hash(rubric): rubric for rubric in rubrics.values()}
        self._gold = gold

    async def choices(self, rubric: str) -> NewSessionView:
        """What a new session can be made of; ``rubric`` is a content hash, empty while none is chosen.

        Raises:
            Missing: there is no such rubric.
        """
        async with self._database.reading() as session:
            used = {row.content_hash: row for row in await rows.rubrics_used(session)}
            stored = {digest: await rows.rubric_content(session, digest) for digest in used}
            known = {digest: from_snapshot(content) for digest, content in stored.items() if content} | self._rubrics
            offered = tuple(
                RubricChoice(
                    hash=digest,
                    title=one.title,
                    version=one.version,
                    interviews=used[digest].interviews if digest in used else 0,
                )
                for digest, one in known.items()
            )
            if not rubric:
                return NewSessionView(rubrics=offered)
            if rubric not in known:
                raise Missing("There is no such rubric.")
            ended = await rows.interviews_to_rate(session, rubric, limit=OFFERED)
            accounts = await rows.accounts(session)
        gold = await asyncio.to_thread(find_gold, known[rubric], self._gold)
        return NewSessionView(
            rubrics=offered,
            chosen=next(one for one in offered if one.hash == rubric),
            interviews=tuple(
                InterviewChoice(
                    id=row.id,
                    job_title=row.application.job_title,
                    program=row.program.title,
                    finished_at=row.finished_at,
                )
                for row in ended
            ),
            gold=tuple(Choice(key, item.title) for key, item in gold.items.items()),
            accounts=tuple(Choice(str(account.id), account.name) for account in accounts),
            faults=gold.faults,
        )

    async def make(self, new: NewSession, *, actor: Account) -> uuid.UUID:
        """Make a session; raters can begin at once. Returns its id.

        Raises:
            InputInvalid: no title, no items, too few or too many of something, or something that is not there any more.
        """
        rubric = await self._rubric(new.rubric)
        gold = await asyncio.to_thread(find_gold, rubric, self._gold)
        _check(new, gold.items)
        now, session_id = self._clock.now(), new_id()
        async with self._database.transaction() as tx:
            names = {account.id: account.name for account in await rows.accounts(tx.session)}
            if not set(new.raters) <= set(names):
                raise invalid("raters", "One of these accounts is not there any more. Please choose again.")
            if await rows.rateable(tx.session, new.rubric, new.interviews) != set(new.interviews):
                raise invalid("interviews", "The answers of one interview were removed meanwhile. Please choose again.")
            await self._keep_rubric(tx, rubric, now)
            tx.session.add(
                CalibrationSessionRow(
                    id=session_id, title=new.title, rubric_hash=new.rubric, created_by=actor.id, created_at=now
                )
            )
            await tx.session.flush()
            tx.session.add_all(_items(session_id, new, gold.items))
            tx.session.add_all(
                CalibrationRaterRow(session_id=session_id, account_id=rater, name=names[rater])
                for rater in dict.fromkeys(new.raters)
            )
            details: dict[str, object] = {
                "rubric": new.rubric,
                "interviews": [interview.hex for interview in new.interviews],
                "gold": list(new.gold),
                "raters": [rater.hex for rater in new.raters],
            }
            tx.audit(step_event(now, actor, "made", session_id, details))
        return session_id

    async def _rubric(self, digest: str) -> Rubric:
        async with self._database.reading() as session:
            content = await rows.rubric_content(session, digest)
        if content is not None:
            return from_snapshot(content)
        if digest in self._rubrics:
            return self._rubrics[digest]
        raise invalid("rubric", "Choose one of the rubrics.")

    @staticmethod
    async def _keep_rubric(tx: Transaction, rubric: Rubric, now: datetime) -> None:
        row = {"rubric_id": rubric.id, "version": rubric.version, "content": snapshot(rubric), "stored_at": now}
        await interviews.keep_rubric(tx.session, {"content_hash": content_hash(rubric), **row})


def step_event(at: datetime, actor: Account, what: str, subject: uuid.UUID, details: dict[str, object]) -> AuditEvent:
    """A step of a session for the audit chain, with ids, places and counts and no word that anybody wrote."""
    return AuditEvent(
        at=at, actor=f"account:{actor.id}", tag=f"account:calibration:{what}", subject=str(subject), details=details
    )


def invalid(field: str, words: str) -> InputInvalid:
    """A refusal that stands by its field."""
    return InputInvalid(words, fields={field: words})


def _items(session_id: uuid.UUID, new: NewSession, gold: Mapping[str, GoldItem]) -> Sequence[CalibrationItemRow]:
    """The items in an order that tells nobody which of them are gold."""
    mixed: list[tuple[uuid.UUID | None, GoldItem | None]] = [
        *((interview, None) for interview in dict.fromkeys(new.interviews)),
        *((None, gold[key]) for key in dict.fromkeys(new.gold)),
    ]
    mixed.sort(key=lambda one: sha256(f"{session_id}{one[0] or (one[1] and one[1].id)}".encode()).digest())
    return [
        CalibrationItemRow(id=new_id(), session_id=session_id, position=number, interview_id=interview, gold=item)
        for number, (interview, item) in enumerate(mixed, start=1)
    ]


def _check(new: NewSession, gold: Mapping[str, GoldItem]) -> None:
    items = len(set(new.interviews)) + len(set(new.gold))
    wrong: dict[str, str] = {}
    if not new.title:
        wrong["title"] = "Give the session a title, without any candidate's name."
    if not set(new.gold) <= set(gold):
        wrong["chosen"] = "One of these gold items is not there any more. Please choose again."
    if not 1 <= items <= MOST_ITEMS:
        wrong["chosen"] = f"Choose from 1 to {MOST_ITEMS} items."
    fewest = 1 if not new.interviews else 2
    if not fewest <= len(set(new.raters)) <= MOST_RATERS:
        wrong["raters"] = f"Choose from 2 to {MOST_RATERS} raters; one is enough where all items are gold items."
    if wrong:
        raise InputInvalid(next(iter(wrong.values())), fields=wrong)
