"""The bugs that are planted, the most dangerous first: what would be lost, doubled, overwritten or out of order."""

from tests.mutants.trial import Mutant

WORK = "tests/integration/work"
MODEL = f"{WORK}/test_engine_model.py::test_the_engine_is_its_model[sqlite]"
RACES = f"{WORK}/test_engine_races.py::test_a_lane_goes_on_whoever_adds_to_it_meanwhile"
LIMITS = f"{WORK}/test_engine_limits.py"
ACCEPTED = f"{WORK}/test_engine_deliveries.py"
WRITES = "tests/acceptance/test_write_back.py"
MAILING = "tests/integration/services/test_mailing.py::test_who_slept_through_the_lease_sends_no_second_mail[too late]"
RIDERS = "tests/integration/services/test_riders.py"
ALLOWANCES = "tests/integration/services/test_allowances.py"
BREAKER = f"{WORK}/test_breaker.py"
HASTE = "tests/unit/architecture/test_comparisons.py::test_no_secret_is_compared_in_haste"

ACKNOWLEDGED = (
    Mutant(
        name="acknowledge-before-stored",
        danger="a delivery is answered before it is on disk; a crash loses it (N2)",
        file="orchestrator/db/inbox.py",
        old="        deliveries = [one for one, _ in taken]\n",
        new="        for _, future in taken:\n"
        "            future.set_result(True)\n"
        "        deliveries = [one for one, _ in taken]\n",
        caught_by=(
            "tests/integration/db/test_inbox.py::test_nothing_is_acknowledged_that_the_database_refused[sqlite]",
        ),
    ),
    Mutant(
        name="commit-before-the-end",
        danger="work is committed before what caused it, and stays where that is rolled back (N2, N3)",
        file="orchestrator/work/queue.py",
        old="    added = (await tx.session.execute(statement)).first() is not None\n",
        new="    async with tx.database.transaction() as own:\n"
        "        added = (await own.session.execute(statement)).first() is not None\n",
        caught_by=(f"{WORK}/test_queue.py::test_rollback_leaves_neither_effect_nor_work[postgresql]",),
    ),
    Mutant(
        name="deliveries-marked-not-made",
        danger="deliveries are marked as queued and no work is made of them (N2)",
        file="orchestrator/services/intake.py",
        old="        await enqueue_many(tx, items)\n",
        new="",
        caught_by=(f"{ACCEPTED}::test_every_delivery_becomes_work_once_whatever_dies[sqlite]",),
    ),
    Mutant(
        name="deliveries-made-not-marked",
        danger="work is made of deliveries that are not marked, again and again (N3)",
        file="orchestrator/db/repositories/intake.py",
        old="        .values(queued=True)\n",
        new="        .values(queued=DeliveryRow.queued)\n",
        caught_by=(f"{ACCEPTED}::test_every_delivery_becomes_work_once_whatever_dies[sqlite]",),
    ),
    Mutant(
        name="delivery-dedupe-ignored",
        danger="a delivery that comes again is another delivery (N3)",
        file="orchestrator/services/intake.py",
        old="                dedupe=_dedupe(events, body),\n",
        new='                dedupe=_dedupe(events, body) + f":{uuid.uuid4()}",\n',
        caught_by=(f"{ACCEPTED}::test_a_delivery_that_comes_again_is_counted[sqlite]",),
    ),
)

RIDING = (
    Mutant(
        name="riders-looked-up-after-the-reading",
        danger="a delivery is settled by a reading that began before it came; its move is never seen (N2)",
        file="orchestrator/services/intake.py",
        old="                if riders and job.lane and found is not None and outcome != OLDER:\n"
        "                    await lock_lanes(tx, [job.lane])\n",
        new="                if job.lane and found is not None and outcome != OLDER:\n"
        "                    await lock_lanes(tx, [job.lane])\n"
        "                    riders = await behind(tx.session, job.lane, after=job.id, kinds=_READING)\n",
        caught_by=(f"{RIDERS}::test_a_delivery_that_came_while_the_ats_was_read_gets_a_reading_of_its_own[sqlite]",),
    ),
    Mutant(
        name="riders-of-a-404",
        danger="one 404 of a replica that lags settles everything that waits behind it (N2)",
        file="orchestrator/services/intake.py",
        old="                if riders and job.lane and found is not None and outcome != OLDER:\n"
        "                    await lock_lanes(tx, [job.lane])\n"
        "                    settled = await settle_behind(tx, riders)\n"
        "                    others = [msgspec.json.decode(text, type=_Rider).delivery_id for text in settled]\n"
        "                    if found.entry.entered_at is None:\n",
        new="                if riders and job.lane and outcome != OLDER:\n"
        "                    await lock_lanes(tx, [job.lane])\n"
        "                    settled = await settle_behind(tx, riders)\n"
        "                    others = [msgspec.json.decode(text, type=_Rider).delivery_id for text in settled]\n"
        "                    if found is not None and found.entry.entered_at is None:\n",
        caught_by=(f"{RIDERS}::test_a_reading_that_found_nothing_settles_nothing_else[sqlite]",),
    ),
)

FENCED = (
    Mutant(
        name="no-fence",
        danger="a zombie's effect is committed beside its successor's (N3, N4)",
        file="orchestrator/work/settle.py",
        old="        .where(work.c.id == row.id, work.c.token == row.token, work.c.state == RUNNING)\n",
        new="        .where(work.c.id == row.id, work.c.state == RUNNING)\n",
        caught_by=(MODEL,),
    ),
    Mutant(
        name="no-fence-done-together",
        danger="a zombie's item is settled as done while its successor works on it",
        file="orchestrator/work/settle.py",
        old="sa.tuple_(work.c.id, work.c.token).in_(pairs)",
        new="work.c.id.in_([number for number, _ in pairs])",
        caught_by=(MODEL,),
    ),
    Mutant(
        name="effect-before-the-fence",
        danger="the effect is committed before the fence is asked (N3, N4)",
        file="orchestrator/work/job.py",
        old="            yield tx\n            # Last,",
        new="            yield tx\n        async with self._database.transaction() as tx:\n            # Last,",
        caught_by=(MODEL,),
    ),
    Mutant(
        name="zombie-reaches-outside",
        danger="who slept through the lease still writes to the ATS, beside its successor (N4)",
        file="orchestrator/work/claim.py",
        old="sa.tuple_(work.c.id, work.c.token).in_(list(held))",
        new="work.c.id.in_([number for number, _ in held])",
        caught_by=(MODEL,),
    ),
    Mutant(
        name="zombie-pushes",
        danger="the lease is not looked at in the transaction that begins a push (N4)",
        file="orchestrator/work/limits.py",
        old="        .where(work.c.id == held[0], work.c.token == held[1], work.c.state == RUNNING)\n",
        new="        .where(work.c.id == held[0], work.c.state == RUNNING)\n",
        caught_by=(MODEL,),
    ),
    Mutant(
        name="sweep-takes-what-runs",
        danger="leases that have not ended are taken away; everything runs twice at once",
        file="orchestrator/work/claim.py",
        old="    over = (work.c.state == RUNNING, work.c.lease_until < DatabaseNow())\n",
        new="    over = (work.c.state == RUNNING, work.c.lease_until > 0)\n",
        caught_by=(MODEL,),
    ),
    Mutant(
        name="mail-not-confirmed",
        danger="who slept through the lease sends a mail that another has sent (N4)",
        file="orchestrator/mail/hand_over.py",
        old="            await self._confirm()\n",
        new="            pass\n",
        caught_by=(MAILING,),
    ),
    Mutant(
        name="old-certainty-is-enough",
        danger="a lease that was good once is taken as good for ever, right before an outside effect (N4, N5)",
        file="orchestrator/work/job.py",
        old="            await self.hold()\n",
        new="",
        caught_by=(MAILING,),
    ),
    Mutant(
        name="work-dedupe-ignored",
        danger="the same mail, timer or write-back is enqueued again (N3, N4)",
        file="orchestrator/work/queue.py",
        old="            dedupe=dedupe,\n            subject=subject,\n",
        new="            dedupe=None,\n            subject=subject,\n",
        caught_by=("tests/integration/work/test_queue.py::test_same_key_is_enqueued_once_for_ever[sqlite]",),
    ),
    Mutant(
        name="audit-beside-the-transaction",
        danger="a state is committed whose audit event is lost",
        file="orchestrator/db/session.py",
        old="            yield transaction\n            await transaction.close()\n",
        new="            yield transaction\n"
        "        async with self._write() as later, later.begin():\n"
        "            transaction.session = later\n"
        "            await transaction.close()\n",
        caught_by=(f"{ACCEPTED}::test_state_and_audit_event_are_one[sqlite]",),
    ),
)

WRITTEN = (
    Mutant(
        name="note-not-looked-for",
        danger="a note that was sent and not answered is sent again (N4)",
        file="orchestrator/services/writeback.py",
        old="    return any(marker is not None and marker in note.body for note in notes)\n",
        new="    return any(marker is None for note in notes)\n",
        caught_by=(f"{WRITES}::test_faults_of_the_ats_lose_nothing_and_double_nothing[silence after fields and note]",),
    ),
    Mutant(
        name="asked-without-a-dead-letter",
        danger="that a person was asked about a note is kept, and the dead letter that asks is not: the note goes out again (N4)",
        file="orchestrator/services/writeback.py",
        old="        return Dead(\n",
        new="        self._keep_attempt(ats, known.row, outcome=writebacks.ASKED, detail=writebacks.NOTE)\n        return Dead(\n",
        caught_by=(
            "tests/integration/services/test_unseen_notes.py::test_nobody_was_asked_where_the_dead_letter_was_not_kept",
        ),
    ),
    Mutant(
        name="human-value-overwritten",
        danger="what a recruiter wrote is replaced (N4)",
        file="orchestrator/services/writeback.py",
        old="            case FieldVerdict.CONFLICT if value is not None:\n                conflicts.append(key)\n",
        new="            case FieldVerdict.CONFLICT if value is not None:\n                to_write[key] = value\n",
        caught_by=(f"{WRITES}::test_what_a_person_wrote_stays",),
    ),
    Mutant(
        name="one-interview-per-delivery",
        danger="every delivery about one stage entry is an entry of its own (N3)",
        file="orchestrator/services/triggering.py",
        old="        key = entry_key(application, visits=row.visits)\n",
        new='        key = f"delivery:{delivery_id}"\n',
        caught_by=(
            "tests/acceptance/test_deliveries.py::test_any_order_and_any_number_of_deliveries_is_one_interview[sqlite]",
        ),
    ),
)

IN_ORDER = (
    Mutant(
        name="lanes-without-a-lock",
        danger="who adds and who finishes do not see each other: a lane without a head never moves again",
        file="orchestrator/work/lanes.py",
        old='    if tx.dialect != "postgresql" or not lanes:\n',
        new="    if tx.dialect:\n",
        caught_by=(RACES,),
    ),
    Mutant(
        name="finishing-without-the-lock",
        danger="the same, where only the one who finishes forgets the lock",
        file="orchestrator/work/settle.py",
        old="    if leaves:\n        await lock_lanes(tx, [row.lane])\n",
        new="",
        caught_by=(RACES,),
    ),
    Mutant(
        name="adding-without-the-lock",
        danger="the same, where only the one who adds forgets the lock",
        file="orchestrator/work/queue.py",
        old="    if lane is not None:\n        await lock_lanes(tx, [lane])\n",
        new="",
        caught_by=(RACES,),
    ),
    Mutant(
        name="claims-look-past-the-head",
        danger="what waits in a lane runs beside what is before it",
        file="orchestrator/work/lanes.py",
        old="sa.and_(work.c.state == QUEUED, work.c.head)",
        new="sa.and_(work.c.state == QUEUED, sa.true())",
        caught_by=(MODEL,),
    ),
    Mutant(
        name="everybody-is-head",
        danger="the same, from the other side; the unique index of the database refuses it",
        file="orchestrator/work/queue.py",
        old="head=True if lane is None else ~sa.exists().where(work.c.lane == lane, IS_OPEN),",
        new="head=True,",
        caught_by=(MODEL,),
        shows_as="IntegrityError",
    ),
    Mutant(
        name="replayed-to-the-front",
        danger="a dead letter that is replayed runs beside the item that its lane is at",
        file="orchestrator/work/admin.py",
        old="            head=work.c.lane.is_(None),\n",
        new="            head=True,\n",
        caught_by=(MODEL,),
        shows_as="IntegrityError",
    ),
    Mutant(
        name="never-by-lot",
        danger="while candidates keep coming, an ATS that is only polled is not asked for hours",
        file="orchestrator/work/worker.py",
        old="None if self._claims % BY_LOT else self._draw",
        new="None",
        caught_by=(
            "tests/integration/work/test_queue.py::test_what_comes_last_is_reached_behind_an_endless_stream[sqlite]",
        ),
    ),
    Mutant(
        name="stuck-after-done",
        danger="nobody follows the head of a lane that was done",
        file="orchestrator/work/settle.py",
        old="    if leaves:\n        await promote(tx, [row.lane])\n",
        new='    if leaves and values["state"] == WorkState.DEAD:\n        await promote(tx, [row.lane])\n',
        caught_by=(MODEL,),
    ),
    Mutant(
        name="stuck-after-a-lost-worker",
        danger="nobody follows an item that killed its worker each time",
        file="orchestrator/work/claim.py",
        old="    if lanes:\n        await promote(tx, lanes)\n    return len(swept)\n",
        new="    return len(swept)\n",
        caught_by=(MODEL,),
    ),
    Mutant(
        name="stuck-after-cancelling",
        danger="nobody follows what was cancelled",
        file="orchestrator/work/admin.py",
        old="    rows = (await tx.session.execute(statement)).all()\n    if lanes:\n        await promote(tx, lanes)\n",
        new="    rows = (await tx.session.execute(statement)).all()\n",
        caught_by=(MODEL,),
    ),
    Mutant(
        name="stuck-after-done-by-hand",
        danger="nobody follows what a person settled",
        file="orchestrator/work/admin.py",
        old="    if item.lane is not None:\n        await promote(tx, [item.lane])\n",
        new="",
        caught_by=(MODEL,),
    ),
)

HELD_BACK = (
    Mutant(
        name="outage-not-noticed",
        danger="every item finds out by itself that the ATS is down, and is dead at the end of it",
        file="orchestrator/work/trouble.py",
        old="    if failures < THRESHOLD:\n        return None\n",
        new="    if failures:\n        return None\n",
        caught_by=(MODEL,),
    ),
    Mutant(
        name="pause-ignored",
        danger="a revoked key is tried until every item is dead",
        file="orchestrator/work/claim.py",
        old="nothing).where(paused),\n",
        new="nothing).where(sa.and_(paused, sa.false())),\n",
        caught_by=(MODEL,),
    ),
    Mutant(
        name="outage-burns-attempts",
        danger="an outage of hours makes dead letters of everything that waited",
        file="orchestrator/work/settle.py",
        old="            return down_for is None\n",
        new="            return True\n",
        caught_by=(MODEL,),
    ),
    Mutant(
        name="outage-never-ends",
        danger="the connection answers again, and still gets one item at a time",
        file="orchestrator/work/settle.py",
        old="        await answered(tx, row.rate_key)\n",
        new="        pass\n",
        caught_by=(
            f"{WORK}/test_trouble.py::test_an_outage_of_hours_costs_no_attempt_and_one_request_at_a_time[sqlite]",
        ),
    ),
    Mutant(
        name="failures-together-counted-apart",
        danger="eight requests that were under way together make the first pause a long one",
        file="orchestrator/work/trouble.py",
        old="    fresh = sa.or_(below, work_pause.c.until <= DatabaseNow())\n",
        new="    fresh = sa.or_(below, work_pause.c.until.is_not(None))\n",
        caught_by=(f"{BREAKER}::test_failures_under_way_together_are_one[sqlite]",),
    ),
    Mutant(
        name="pause-never-grows",
        danger="an ATS that is down is asked every second for hours",
        file="orchestrator/work/trouble.py",
        old="WAITS[min(failures - THRESHOLD, len(WAITS) - 1)]",
        new="WAITS[min(failures - THRESHOLD, 0)]",
        caught_by=(f"{BREAKER}::test_the_pause_grows_with_every_try[sqlite]",),
    ),
    Mutant(
        name="answer-ends-a-pause-by-hand",
        danger="what a person paused goes on by itself: with the old key, or in the middle of their maintenance",
        file="orchestrator/work/trouble.py",
        old="        .where(work_pause.c.rate_key == rate_key, work_pause.c.failures > 0)\n",
        new="        .where(work_pause.c.rate_key == rate_key)\n",
        caught_by=(f"{BREAKER}::test_a_pause_by_hand_is_touched_by_nobody[sqlite]",),
    ),
    Mutant(
        name="retry-at-once",
        danger="what failed is tried again without a wait until its attempts are used up",
        file="orchestrator/work/settle.py",
        old='        "run_at": DatabaseNow() + wait,\n',
        new='        "run_at": DatabaseNow(),\n',
        caught_by=(MODEL,),
    ),
    Mutant(
        name="limit-ignored",
        danger="more requests than the vendor allows; it answers with 429, or blocks us",
        file="orchestrator/work/limits.py",
        old="            .where(rate_bucket.c.key == key, level() - 1 >= -patience * rate_bucket.c.rate)\n",
        new="            .where(rate_bucket.c.key == key)\n",
        caught_by=(f"{LIMITS}::test_no_more_turns_than_rate_and_burst_allow[sqlite]",),
    ),
    Mutant(
        name="refusal-forgotten",
        danger="a 429 is forgotten with the transaction that it denied a turn; the fleet goes on at full rate",
        file="orchestrator/work/allowance.py",
        old="        heard = self._heard.get(connection)\n",
        new="        heard = self._heard.pop(connection, None)\n",
        caught_by=(f"{ALLOWANCES}::test_a_refusal_is_heard_though_the_next_turn_is_denied[sqlite-pull]",),
    ),
    Mutant(
        name="burst-without-end",
        danger="a quiet night saves up thousands of requests for one second of the morning",
        file="orchestrator/work/limits.py",
        old="    return Least(rate_bucket.c.burst, refilled)\n",
        new="    return Least(refilled, refilled)\n",
        caught_by=(f"{LIMITS}::test_no_more_turns_than_rate_and_burst_allow[sqlite]",),
    ),
    Mutant(
        name="only-woken-never-looking",
        danger="timers, and work whose notice was lost, wait for ever",
        file="orchestrator/work/worker.py",
        old="            await asyncio.wait_for(self._wake.wait(), timeout=self._poll)\n",
        new="            await self._wake.wait()\n",
        caught_by=("tests/integration/work/test_worker.py::test_poll_finds_what_no_wake_up_announced[sqlite]",),
        shows_as="TimeoutError",
    ),
)

TOLD = (
    Mutant(
        name="running-not-counted",
        danger="work that hangs in a handler is in no figure that an operator sees",
        file="orchestrator/work/metrics.py",
        old="        .where(IS_OPEN)\n",
        new="        .where(IS_OPEN, work.c.state == QUEUED)\n",
        caught_by=(f"{WORK}/test_backlog.py::test_what_runs_is_counted_beside_what_waits[sqlite]",),
    ),
    Mutant(
        name="unread-not-counted",
        danger="deliveries pile up on disk and the figure for them says none",
        file="orchestrator/work/metrics.py",
        old="sa.literal_column(\"'received'\"), ~DeliveryRow.queued)",
        new="sa.literal_column(\"'received'\"), DeliveryRow.queued)",
        caught_by=(f"{WORK}/test_metrics.py::test_unread_deliveries_are_counted_with_the_age_of_the_oldest[sqlite]",),
    ),
)

COMPARED = (
    Mutant(
        name="signature-compared-in-haste",
        danger="the time that a refusal takes tells how much of a forged signature was right",
        file="adapters/kit/signatures.py",
        old="hmac.compare_digest(expected, one)",
        new="(expected == one)",
        caught_by=(HASTE,),
    ),
    Mutant(
        name="metrics-token-compared-in-haste",
        danger="the same for the token of the metrics",
        file="orchestrator/web/metrics.py",
        old="if not hmac.compare_digest(given, expected):",
        new="if given != expected:",
        caught_by=(HASTE,),
    ),
)

MUTANTS = (*ACKNOWLEDGED, *RIDING, *FENCED, *WRITTEN, *IN_ORDER, *HELD_BACK, *TOLD, *COMPARED)
