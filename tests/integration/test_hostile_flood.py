"""A feed that floods is held back by its own limit, and by nobody else's patience: its neighbours go on being acknowledged."""

import contextlib
import json
import re
import statistics
import threading
import time

import psycopg2
import pytest
import requests
import zmq
from hostile_tools import Bystander, Counted, grew_little, resident
from intake_tools import Platform, complaint, define_feed
from wjzlib import wire
from wjzlib.wait import PATIENCE, wait_until

BATCHES = 60
REFUSALS = 30
SLOWER = 50  # times; a generous factor, for machines that do other things besides
FLOOR = 10  # seconds; what counts as slow at least: who is starved waits for ever


@pytest.fixture(scope="module")
def intake(module_house):
    return module_house.start("intake", door="tcp://127.0.0.1:*", http="127.0.0.1:0", writers=3)


@pytest.fixture(scope="module")
def bystander(module_house, intake):
    made = Bystander(module_house, intake)
    yield made
    made.close()


def latency(bystander, batches):
    """Median time of one batch; all of them must be taken."""
    times = []
    for _ in range(batches):
        began = time.monotonic()
        bystander.still_served()
        times.append(time.monotonic() - began)
    return statistics.median(times)


class Flood:
    """Something done without pause in a thread of its own until the test has seen enough."""

    def __init__(self, pour):
        self.stopped = threading.Event()
        self.refused = self.accepted = 0
        self.problem = None
        self.pour = pour
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            self.pour(self)
        except Exception as problem:  # shown by the test
            self.problem = problem

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()
        assert self.problem is None, self.problem


def over_zeromq(platform, window, size):
    """Keeps `window` batches under way."""
    refusal_code = wire.proto("envelope").Refusal

    def pour(flood):
        under_way = number = 0
        while not flood.stopped.is_set():
            while under_way < window:
                number += 1
                items = [complaint(number * size + i) for i in range(size)]
                platform.client.send(wire.envelope(platform.batch(*items)))
                under_way += 1
            answer = platform.client.receive()
            under_way -= 1
            if answer.type == "wjz.Refusal":
                said = wire.unpack(answer)
                assert said.code == refusal_code.RETRY_LATER and said.retry_after_ms > 0 and said.remedy, said
                flood.refused += 1
            else:
                flood.accepted += len(wire.unpack(answer).items)

    return pour


def goes_on(intake, bystander, pour, refusals=REFUSALS):
    """While the flood is refused again and again, the bystander's batches are taken about as soon as without."""
    alone = latency(bystander, BATCHES)
    before = resident(intake)
    with Flood(pour) as flood:
        wait_until(lambda: flood.problem or flood.refused >= refusals, what="flood refused")
        seen = flood.refused
        beside = latency(bystander, BATCHES)
        if refusals:
            wait_until(lambda: flood.problem or flood.refused > seen, what="flood refused further")
    assert beside < max(SLOWER * alone, FLOOR), f"{beside:.4f} s beside the flood, {alone:.4f} s without"
    grew_little(intake, before, 150 << 20)
    return flood


def test_a_feed_over_its_rate_is_told_to_wait(module_house, intake, bystander):
    platform = Platform(module_house, intake, name="flood-rate", rate_per_second=20)
    began = time.monotonic()
    with Counted(intake, "wjz_intake_over_rate_total", feed="flood-rate") as seen:
        flood = goes_on(intake, bystander, over_zeromq(platform, window=8, size=50))
        assert seen.grown() >= REFUSALS
    assert flood.accepted <= 20 * (time.monotonic() - began + 2) + 50
    platform.close()


def test_a_feed_with_too_many_questions_at_once_is_told_to_wait(module_house, intake, bystander):
    platform = Platform(module_house, intake, name="flood-window", rate_per_second=10_000_000)
    goes_on(intake, bystander, over_zeromq(platform, window=200, size=20))
    platform.close()


def test_a_feed_that_is_let_in_leaves_room_for_others(module_house, intake, bystander):
    """The largest batches, as many as one sender may have under way, and nothing refused."""
    platform = Platform(module_house, intake, name="flood-large", rate_per_second=10_000_000)
    flood = goes_on(intake, bystander, over_zeromq(platform, window=8, size=512), refusals=0)
    assert flood.accepted > 0
    platform.close()


@contextlib.contextmanager
def storing_waits(database, platform, sequence):
    """Until the end, who stores the platform's batch of that number waits."""
    with contextlib.closing(psycopg2.connect(database.url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO intake.batch (region, feed, sequence, content_hash, receipt)"
            " SELECT region, number, %s, 0, '' FROM intake.feed WHERE name = %s",
            (sequence, platform.name),
        )
        yield
        connection.rollback()


def test_the_largest_batches_one_upon_the_other(module_house, intake, bystander):
    """Two fit into what one sender may have in hand. They wait, so that all others find it full."""
    platform = Platform(module_house, intake, name="flood-bytes", rate_per_second=10_000_000)
    batch = platform.batch(*[complaint(n, content="x" * 15_000) for n in range(512)])
    frame = wire.envelope(batch).SerializeToString()

    def pour(flood):
        under_way = 0
        while not flood.stopped.is_set():
            while under_way < 8:
                platform.client.send_bytes(frame)
                under_way += 1
            answer = platform.client.receive()
            under_way -= 1
            flood.refused += answer.type == "wjz.Refusal" and wire.unpack(answer).code == wire.proto("envelope").Refusal.RETRY_LATER

    with storing_waits(module_house.database, platform, batch.sequence):
        goes_on(intake, bystander, pour, refusals=10)
    platform.close()


def test_a_flood_of_frames_that_are_none(module_house, intake, bystander):
    platform = Platform(module_house, intake, name="flood-noise")

    def pour(flood):
        under_way = 0
        while not flood.stopped.is_set():
            while under_way < 100:
                platform.client.send_bytes(b"\xff" * 100_000)
                under_way += 1
            assert wire.unpack(platform.client.receive()).code == wire.proto("envelope").Refusal.MALFORMED
            under_way -= 1
            flood.refused += 1

    goes_on(intake, bystander, pour)
    platform.close()


def test_a_flood_of_strangers(intake, bystander):
    context = wire.Context()

    def pour(flood):
        while not flood.stopped.is_set():
            stranger = context.socket(zmq.DEALER)
            stranger.linger = 0
            public, secret = zmq.curve_keypair()
            stranger.curve_serverkey, stranger.curve_publickey, stranger.curve_secretkey = bystander.server_key.encode(), public, secret
            watch = stranger.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL)
            stranger.connect(bystander.endpoint)
            flood.refused += watch.poll(60_000) != 0
            stranger.disable_monitor()
            watch.close()
            stranger.close()

    with Counted(intake, "wjz_connections_refused_total") as seen:
        goes_on(intake, bystander, pour)
        assert seen.grown() >= REFUSALS // 2
    context.term()


@pytest.mark.parametrize("kind", ["rate", "size", "noise", "keys"])
def test_floods_over_http(module_house, intake, bystander, kind):
    name = f"flood-http-{kind}"
    key = define_feed(module_house, name, rate_per_second=10).bearer_key
    port = re.search(r'event="http door open" port=(\d+)', intake.text()).group(1)
    url = f"http://127.0.0.1:{port}/v1/feeds/{name}/complaints"
    body = {
        "rate": json.dumps([{"external_id": f"H{n}", "content": "有人倾倒垃圾"} for n in range(50)]).encode(),
        "size": b" " * (9 << 20),
        "noise": b"[" * 5_000_000,
        "keys": b"{}",
    }[kind]
    expected = {"rate": 429, "size": 413, "noise": 400, "keys": 401}[kind]

    def pour(flood):
        with requests.Session() as session:
            session.headers = {"Authorization": f"Bearer {key if kind != 'keys' else 'wrong'}", "Content-Type": "application/json"}
            while not flood.stopped.is_set():
                with contextlib.suppress(requests.exceptions.ConnectionError):
                    answer = session.post(url, data=body, timeout=PATIENCE)
                    assert answer.status_code in (200, expected) and (kind == "rate" or answer.status_code == expected), answer.text
                    if answer.status_code == expected:
                        assert answer.json()["remedy"]
                        flood.refused += 1
                        if kind == "rate":
                            assert int(answer.headers["Retry-After"]) >= 1

    goes_on(intake, bystander, pour, refusals=10)
