"""Processes are killed at random and PostgreSQL is restarted while complaints are pushed. Nothing may be lost, done twice,
or come out differently from a run that nobody disturbed."""

import contextlib
import os
import random
import signal
import threading

import pytest

from wjzlib import rounds
from wjzlib.installation import Installation, to_complaint
from wjzlib.wait import wait_until
from wjzlib.wire import Refused, proto

KILL_EVERY_S = 0.2
BATCH = 64
CRASHES = 8
OFTEN = dict(WJZ_ROUNDS_EVERY="100ms", WJZ_WARNINGS_EVERY="200ms")  # warnings of areas follow what came, in the end the same


def push(client, batches, before=0):
    """As a platform does: a batch without a receipt is sent again, under the same number. before: how many batches were sent
    before these."""
    intake = proto("intake")
    acknowledged = set()
    for sequence, items in enumerate(batches, before + 1):
        batch = intake.FeedBatch(feed="demo-hotline", sequence=sequence)
        batch.items.extend(intake.FeedItem(complaint=item) for item in items)
        while True:
            try:
                receipt = client.ask(batch, timeout=3)
                break
            except (TimeoutError, Refused) as problem:
                if isinstance(problem, Refused) and problem.refusal.code != problem.refusal.RETRY_LATER:
                    raise
        refused = [r for r in receipt.items if r.outcome == r.REJECTED]
        assert not refused, refused[:3]
        acknowledged.update(r.external_id for r in receipt.items)
    return acknowledged


def disturb(installation, stop, seed, kills_wanted, report):
    """Kills a process every 200 ms until the push has ended and enough were killed; two restarts of PostgreSQL on the way."""
    chance = random.Random(seed)
    restarts_at = {kills_wanted // 3, 2 * kills_wanted // 3}
    while not stop.is_set() or report["kills"] < kills_wanted:
        stop_waiting = threading.Event()
        stop_waiting.wait(KILL_EVERY_S)  # the rate of the kills, not a wait for anything
        if report["kills"] in restarts_at:
            restarts_at.discard(report["kills"])
            installation.restart_postgres()
            report["restarts"] += 1
        if installation.kill_one(chance) is not None:
            report["kills"] += 1


def outcome(installation):
    """What must be the same whatever happened: complaints by matter, with what each matter is worth."""
    rows = installation.rows(
        "SELECT string_agg(i.external_id, ' ' ORDER BY i.external_id), round(c.index::numeric, 6), c.stars, c.kind, c.branch,"
        " c.domain, c.town, c.village, c.mediation, c.urgent, c.complaint_count"
        " FROM scoring.clue c JOIN scoring.finding f ON f.region = c.region AND f.clue = c.id"
        " JOIN intake.complaint i ON i.region = f.region AND i.id = f.complaint GROUP BY c.region, c.id"
    )
    return {row[0]: row[1:] for row in rows}


def check_whole(installation, ids):
    assert installation.dead_letters() == []
    stored = [row[0] for row in installation.rows("SELECT external_id FROM intake.complaint")]
    assert len(stored) == len(set(stored))
    assert set(stored) == ids
    assert installation.value("SELECT count(*) FROM scoring.finding") == len(ids)
    lost = installation.rows(
        "SELECT i.external_id FROM intake.complaint i LEFT JOIN scoring.finding f ON f.region = i.region AND f.complaint = i.id"
        " LEFT JOIN scoring.clue c ON c.region = f.region AND c.id = f.clue WHERE c.id IS NULL OR c.merged_into <> 0"
    )
    assert lost == []
    wrong = installation.rows(
        "SELECT c.id, c.stars, count(a.id) FROM scoring.clue c LEFT JOIN assignment.assignment a"
        " ON a.region = c.region AND a.clue = c.id AND a.ended_at IS NULL"
        " WHERE c.merged_into = 0 AND c.stars >= 3 GROUP BY c.region, c.id, c.stars HAVING count(a.id) <> 1"
    )
    assert wrong == []
    absorbed = installation.rows(
        "SELECT c.id FROM scoring.clue c JOIN assignment.assignment a ON a.region = c.region AND a.clue = c.id"
        " WHERE c.merged_into <> 0 AND a.ended_at IS NULL"
    )
    assert absorbed == []
    twice = installation.rows("SELECT event, recipient, count(*) FROM notification.notice GROUP BY 1, 2 HAVING count(*) > 1")
    assert twice == []
    untold = installation.rows(
        "SELECT a.id FROM assignment.assignment a WHERE a.ended_at IS NULL AND a.prosecutor <> '' AND NOT EXISTS"
        " (SELECT FROM notification.notice n WHERE n.recipient = a.prosecutor AND n.event LIKE 'assignment:' || a.id || ':%%')"
    )
    assert untold == []


@pytest.fixture(scope="module")
def undisturbed(pytestconfig):
    """What is pushed, and what comes of it when nobody disturbs: the batches, the complaints' ids, the outcome."""
    calm = Installation(**OFTEN).up(scoring=1)
    try:
        count = 20000 if pytestconfig.getoption("--fault-full") else 3000
        lines = calm.wjz("demo", "feed", "--complaints", count, "--seed", 11, "--until", "2026-11-20T00:00:00+08:00").stdout
        complaints = [to_complaint(line) for line in lines.splitlines()]
        assert len(complaints) == count
        batches = [complaints[at : at + BATCH] for at in range(0, count, BATCH)]
        with calm.demo_feed() as client:
            ids = push(client, batches)
        calm.settled()
        calm.areas_settled()
        check_whole(calm, ids)
        return batches, ids, outcome(calm)
    finally:
        calm.close()


def check_outcome(installation, ids, expected):
    installation.settled()
    installation.areas_settled()
    check_whole(installation, ids)
    result = outcome(installation)
    differing = {k: (expected.get(k), result.get(k)) for k in expected.keys() ^ result.keys()} or {
        k: (expected[k], result[k]) for k in expected if expected[k] != result[k]
    }
    assert not differing, list(differing.items())[:5]


@pytest.mark.slow
def test_nothing_is_lost_or_done_twice(pytestconfig, undisturbed):
    batches, ids, expected = undisturbed
    kills = 100 if pytestconfig.getoption("--fault-full") else 25
    stormy = Installation(**OFTEN).up(scoring=2, assignment=2, scheduling=1, notification=2, intake=1)
    try:
        report = {"kills": 0, "restarts": 0}
        pushed = threading.Event()
        with stormy.demo_feed() as client:
            storm = threading.Thread(target=disturb, args=(stormy, pushed, 3, kills, report), daemon=True)
            storm.start()
            try:
                acknowledged = push(client, batches)
            finally:
                pushed.set()
                storm.join(900)
        print(report)
        assert not storm.is_alive() and report["kills"] >= kills and report["restarts"] == 2
        assert acknowledged == ids
        check_outcome(stormy, ids, expected)
    except BaseException:
        print(stormy.logs())
        raise
    finally:
        stormy.close()


def lose_commits(installation):
    """Crashes PostgreSQL after scoring, which is stopped, has worked on some of what waits for it, with nobody writing the log but
    who commits durably. How many messages were handled and are not any more; scoring goes on then, with what it remembers."""
    handled = "SELECT count(*) FROM scoring.inbox"
    wal_writer = installation.value("SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'")
    os.kill(wal_writer, signal.SIGSTOP)
    try:
        enough = installation.value(handled) + 3
        installation.signal_services("scoring", signal.SIGCONT)
        wait_until(lambda: installation.value(handled) >= enough, what="scoring works")
        installation.signal_services("scoring", signal.SIGSTOP)
        before = installation.value(handled)
        installation.restart_postgres(lambda: os.kill(wal_writer, signal.SIGCONT))
        return before - installation.value(handled)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(wal_writer, signal.SIGCONT)
        installation.signal_services("scoring", signal.SIGCONT)


@pytest.mark.slow
def test_lost_commits_are_made_again(undisturbed):
    """Queues' handlers do not wait for the disk. What a crash undoes of their work is done again, once, with the same outcome."""
    batches, ids, expected = undisturbed
    house = Installation(**OFTEN).up(scoring=2, assignment=2, scheduling=1, notification=0, intake=1)
    try:
        lost, acknowledged = 0, set()
        with house.demo_feed() as client:
            wait_until(lambda: house.value("SELECT count(*) FROM scoring.round") > 0, what="rounds made")
            names = [name for (name,) in house.rows("SELECT DISTINCT name FROM scoring.round")]
            held = [rounds.hold(house, name) for name in names]  # what they commit is on disk, and with it all before it
            for first in range(0, len(batches), len(batches) // CRASHES + 1):
                house.signal_services("scoring", signal.SIGSTOP)
                acknowledged |= push(client, batches[first : first + len(batches) // CRASHES + 1], first)
                lost += lose_commits(house)
        assert acknowledged == ids
        print(f"{lost} messages were handled in vain")
        assert lost > 0
        for give_back in held:
            give_back()
        house.wjz("scale", "notification=1")
        check_outcome(house, ids, expected)
    except BaseException:
        print(house.logs())
        raise
    finally:
        house.signal_services("scoring", signal.SIGCONT)
        house.close()
