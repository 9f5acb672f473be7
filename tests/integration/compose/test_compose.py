"""In containers, over TCP with CURVE: what a platform pushes reaches a prosecutor, also while workers come and go."""

import subprocess
import threading

import pytest

from wjzlib import wire
from wjzlib.wait import wait_until
from wjzlib.wire import proto

pytestmark = pytest.mark.slow

BATCH = 50
PACE_S = 0.1  # between batches: a load that lasts while containers start and end, not a wait for anything


def push(client, feed, complaints, done=None):
    """Batch by batch, until done; the external ids that were acknowledged."""
    intake = proto("intake")
    pace, acknowledged = threading.Event(), []
    for sequence, at in enumerate(range(0, len(complaints), BATCH), 1):
        batch = intake.FeedBatch(feed=feed, sequence=sequence)
        batch.items.extend(intake.FeedItem(complaint=item) for item in complaints[at : at + BATCH])
        receipt = client.ask(batch)
        refused = [r for r in receipt.items if r.outcome != r.ACCEPTED]
        assert not refused, refused[:3]
        acknowledged += [r.external_id for r in receipt.items]
        if done and done.is_set():
            break
        if done:
            pace.wait(PACE_S)
    return acknowledged


def test_a_push_arrives_in_an_inbox(composition):
    with composition.platform("compose-hotline") as platform:
        acknowledged = push(platform, "compose-hotline", composition.complaints(300, seed=5))
    assert len(acknowledged) == 300
    composition.settled()
    exported = composition.wjz("clues", "export", "--feed", "compose-hotline", "--tsv").splitlines()
    header, *lines = [line.split("\t") for line in exported]
    assert sorted(line[0] for line in lines) == sorted(acknowledged)
    people = {line[header.index("prosecutor")] for line in lines if int(line[header.index("stars")]) >= 3}
    person = sorted(people - {"", "-", "none"})[0]

    def inbox():
        return composition.wjz_rows("notices", "--person", person, "--limit", 1000)

    notices = wait_until(inbox, what=f"a notice for {person}")
    assert {notice["recipient"] for notice in notices} == {person}


def test_a_stranger_is_not_let_in(composition):
    composition.platform("compose-known").close()
    with composition.connect(wire.curve_keys()) as stranger, pytest.raises(TimeoutError):
        stranger.ask(proto("intake").FeedBatch(feed="compose-known", sequence=1), timeout=3)


def test_the_host_sees_only_the_doors(composition):
    """The database has no port, and the services' bus none outside of the composition."""
    label = f"label=com.docker.compose.project={composition.project}"
    listed = subprocess.run(["docker", "ps", "--filter", label, "--format", "{{.Ports}}"], capture_output=True, text=True)
    published = [port for line in listed.stdout.splitlines() for port in line.split(", ") if "->" in port]
    assert len(published) == 4
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_scaling_under_load_loses_nothing(composition):
    composition.scale("scoring", 1)
    complaints = composition.complaints(20000, seed=6)
    done, acknowledged, problems = threading.Event(), [], []

    def load():
        try:
            with platform:
                acknowledged.extend(push(platform, "compose-load", complaints, done))
        except BaseException as problem:  # told by the test's own thread
            problems.append(problem)

    platform = composition.platform("compose-load")
    pusher = threading.Thread(target=load, daemon=True)
    pusher.start()
    try:
        composition.scale("scoring", 3)
        wait_until(lambda: composition.value(WORKING) == "3", what="three workers are there")
        composition.scale("scoring", 1)
    finally:
        done.set()
        pusher.join(300)
    assert not problems and not pusher.is_alive(), problems
    assert len(acknowledged) > BATCH
    composition.settled()
    assert composition.dead_letters() == []
    stored = composition.rows(CLUES_OF_COMPLAINTS)
    assert sorted(row[0] for row in stored) == sorted(acknowledged)
    wrong = [row for row in stored if row[1] != "1"]
    assert wrong == []


WORKING = "SELECT count(*) FROM bus.instance WHERE service = 'scoring' AND heartbeat_at > now() - interval '3 seconds'"
# Every complaint of the feed with the number of living clues it is in.
CLUES_OF_COMPLAINTS = """
SELECT i.external_id, count(c.id) FROM intake.complaint i
  JOIN intake.feed d ON d.region = i.region AND d.number = i.feed AND d.name = 'compose-load'
  LEFT JOIN scoring.finding f ON f.region = i.region AND f.complaint = i.id
  LEFT JOIN scoring.clue c ON c.region = f.region AND c.id = f.clue AND c.merged_into = 0
 GROUP BY i.region, i.id, i.external_id
"""


def test_a_restart_of_everything_keeps_everything(composition):
    composition.settled()
    before = composition.value("SELECT count(*) FROM scoring.finding")
    composition.compose("stop")
    label = f"label=com.docker.compose.project={composition.project}"
    ended = subprocess.run(
        ["docker", "ps", "--all", "--filter", label, "--format", "{{.Names}} {{.Status}}"], capture_output=True, text=True
    ).stdout
    assert ended and all("Exited (0)" in line for line in ended.splitlines()), ended
    composition.up("--scale", "scoring=1")
    assert composition.value("SELECT count(*) FROM scoring.finding") == before
