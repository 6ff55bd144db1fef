"""The bugs that are planted, the most dangerous first: what would be lost, doubled, overwritten or out of order."""

from tests.mutants.trial import Mutant

WORK = "tests/integration/work"
MODEL = f"{WORK}/test_engine_model.py::test_the_engine_is_its_model[sqlite]"
RACES = f"{WORK}/test_engine_races.py::test_a_lane_goes_on_whoever_adds_to_it_meanwhile"
LIMITS = f"{WORK}/test_engine_limits.py"
ACCEPTED = f"{WORK}/test_engine_deliveries.py"
WRITES = "tests/acceptance/test_write_back.py"

ACKNOWLEDGED = (
    Mutant(
        name="acknowledge-before-stored",
        danger="a delivery is answered before it is on disk; a crash loses it (N2)",
        file="orchestrator/db/inbox.py",
        old="            (outcome,) = await asyncio.gather(self._store_all(",
        new="            for _, future in batch:\n"
        "                future.set_result(True)\n"
        "            (outcome,) = await asyncio.gather(self._store_all(",
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

MUTANTS = (*ACKNOWLEDGED, *FENCED, *WRITTEN, *IN_ORDER, *HELD_BACK)
