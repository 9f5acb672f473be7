"""Two instances of intake: what one is told of a feed, the other knows at once, not only when it reads the feeds again by time."""

import contextlib
import itertools
import re

import pytest
import requests
from intake_tools import complaint, pb, wait_until
from wjzlib import wire
from wjzlib.wait import PATIENCE

NUMBERS = itertools.count(1)


class Instance:
    def __init__(self, house):
        self.house = house
        self.process = house.start("intake", door="tcp://127.0.0.1:*", http="127.0.0.1:0")
        port = re.search(r'event="http door open" port=(\d+)', self.process.text()).group(1)
        self.address = f"http://127.0.0.1:{port}/v1/feeds"
        self.door = re.search(r'event="feed door open" endpoint="(\S+)" key="(\S+)"', self.process.text()).groups()

    def define(self, name, **fields):
        """Asks this instance."""
        endpoint = self.house.database.value("SELECT request_endpoint FROM bus.instance WHERE name = %s", self.process.instance)
        first = dict(title="测试", profile="hotline-12345", region=510184, legal_basis="测试", clue_source="complaint")
        with wire.Client(endpoint) as client:
            return client.ask(pb().DefineFeed(name=name, **{**first, **fields}))

    def push(self, name, key):
        """The status of a push over HTTP."""
        body = {"external_id": f"H{next(NUMBERS)}", "title": "诉求", "content": "有人倾倒垃圾"}
        headers = {"Authorization": f"Bearer {key}"}
        return requests.post(f"{self.address}/{name}/complaints", json=body, headers=headers, timeout=PATIENCE).status_code

    def says(self, name, key, status):
        wait_until(lambda: self.push(name, key) == status, what=f"{self.process.instance} says {status} to {name}")

    def connect(self, keys):
        return wire.Client(*self.door, keys)


def batch(name, sequence):
    made = pb().FeedBatch(feed=name, sequence=sequence)
    made.items.add().complaint.CopyFrom(complaint(next(NUMBERS)))
    return made


@pytest.fixture
def pair(house):
    """Their upkeep, which reads the feeds again by time, stands still: what they learn they are told."""
    both = [Instance(house) for _ in range(2)]
    key = both[0].define("busy", new_bearer_key=True).bearer_key
    for instance in both:
        instance.says("busy", key, 200)
    waiting = "SELECT count(DISTINCT pid) FROM pg_locks WHERE relation = 'intake.feed_day'::regclass AND NOT granted"
    with contextlib.closing(house.database.connect()) as held:
        held.cursor().execute("LOCK TABLE intake.feed_day IN ACCESS EXCLUSIVE MODE")
        wait_until(lambda: house.database.value(waiting) == 2, what="upkeep stands still")
        for told, other in (both, both[::-1]):

            def heard():
                name = f"heard-{next(NUMBERS)}"
                return other.push(name, told.define(name, new_bearer_key=True).bearer_key) == 200

            wait_until(heard, what=f"{other.process.instance} hears {told.process.instance}")
        yield both
        assert house.database.value(waiting) == 2


def test_a_new_bearer_key_is_good_at_both_at_once_and_the_old_one_at_neither(pair):
    one, other = pair
    old = one.define("renewed", new_bearer_key=True).bearer_key
    other.says("renewed", old, 200)
    new = one.define("renewed", new_bearer_key=True).bearer_key
    other.says("renewed", new, 200)
    assert [each.push("renewed", old) for each in pair] == [401, 401]
    assert one.push("renewed", new) == 200


def test_a_new_curve_key_is_good_at_both_at_once_and_the_old_one_at_neither(pair):
    one, other = pair
    old, new = wire.curve_keys(), wire.curve_keys()
    bearer = one.define("keyed", curve_key=old[0], new_bearer_key=True).bearer_key
    other.says("keyed", bearer, 200)
    with other.connect(old) as platform:
        assert platform.ask(batch("keyed", 1)).items[0].outcome == pb().ItemReceipt.ACCEPTED
        bearer = one.define("keyed", curve_key=new[0], new_bearer_key=True).bearer_key
        other.says("keyed", bearer, 200)
        with pytest.raises(wire.Refused) as refused:
            platform.ask(batch("keyed", 2))
        assert "present key" in refused.value.refusal.remedy
    with other.connect(new) as platform:
        assert platform.ask(batch("keyed", 2)).items[0].outcome == pb().ItemReceipt.ACCEPTED


def test_a_feed_that_is_shut_or_opened_is_so_at_both_at_once(pair):
    one, other = pair
    key = one.define("shut", new_bearer_key=True).bearer_key
    other.says("shut", key, 200)
    one.define("shut", disabled=True)
    other.says("shut", key, 403)
    other.define("shut", disabled=False)
    one.says("shut", key, 200)


def test_a_feed_that_was_removed_is_forgotten_and_may_be_made_again(pair):
    """With the next change of any feed, or by upkeep; made again it counts its batches from one."""
    one, other = pair
    keys, database = wire.curve_keys(), one.house.database
    key = one.define("removed", curve_key=keys[0], new_bearer_key=True).bearer_key
    other.says("removed", key, 200)
    with other.connect(keys) as platform:
        assert not platform.ask(batch("removed", 1)).missing
        number = database.value("DELETE FROM intake.feed WHERE name = 'removed' RETURNING number")
        one.define("another")
        other.says("removed", key, 401)
        assert one.push("removed", key) == 401
        with pytest.raises(wire.Refused) as refused:
            platform.ask(batch("removed", 2))
        assert "replaced" in refused.value.refusal.message
    key = one.define("removed", curve_key=keys[0], new_bearer_key=True).bearer_key
    other.says("removed", key, 200)
    assert database.value("SELECT number FROM intake.feed WHERE name = 'removed'") != number
    with other.connect(keys) as platform:
        receipt = platform.ask(batch("removed", 2))
        assert receipt.items[0].outcome == pb().ItemReceipt.ACCEPTED and [(gap.first, gap.last) for gap in receipt.missing] == [(1, 1)]
