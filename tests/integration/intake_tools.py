"""What intake's tests share: an operator's questions, and a platform with a feed of its own."""

import re
import struct
import time
import zlib

from wjzlib import wire
from wjzlib.wait import PATIENCE, wait_until

REGION = 510184


def pb():
    return wire.proto("intake")


def ask_intake(house, question, timeout=PATIENCE):
    """An operator's request over the bus, to any instance that is alive."""
    endpoint = house.database.value(
        "SELECT request_endpoint FROM bus.instance WHERE service = 'intake' AND request_endpoint <> ''"
        " ORDER BY heartbeat_at DESC LIMIT 1"
    )
    with wire.Client(endpoint) as client:
        return client.ask(question, timeout=timeout)


def define_feed(house, name, **fields):
    values = dict(
        title="测试", profile="hotline-12345", region=REGION, legal_basis="测试", clue_source="complaint", new_bearer_key=True
    )
    values.update(fields)
    return ask_intake(house, pb().DefineFeed(name=name, **values))


def feed_name(prefix, request):
    """A name of a feed for a test alone."""
    return f"{prefix}-{re.sub('[^a-z0-9]+', '-', request.node.name.lower())[:50].strip('-')}"


class Platform:
    """An upstream platform: pushes batches over CURVE, numbers them."""

    def __init__(self, house, intake, name="test-hotline", **fields):
        keys = wire.curve_keys()
        self.name = name
        self.defined = define_feed(house, name, curve_key=keys[0], **fields)
        self.endpoint, self.server_key = self.defined.door_endpoint, self.defined.door_public_key
        self.keys = keys
        self.sequence = 0
        self.client = None
        self.connect()

    def connect(self):
        if self.client:
            self.client.close()
        self.client = wire.Client(self.endpoint, self.server_key, self.keys)

    def batch(self, *items, sequence=None):
        """Items: Complaint, EnforcementRecord or Feedback messages."""
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        batch = pb().FeedBatch(feed=self.name, sequence=sequence)
        for item in items:
            kind = {"Complaint": "complaint", "EnforcementRecord": "enforcement_record", "Feedback": "feedback"}
            getattr(batch.items.add(), kind[item.DESCRIPTOR.name]).CopyFrom(item)
        return batch

    def push(self, *items, sequence=None, timeout=PATIENCE):
        return self.client.ask(self.batch(*items, sequence=sequence), timeout=timeout)

    def push_until_taken(self, *items, sequence=None, timeout=PATIENCE):
        """As a good platform does: again, after the delay that it was told."""
        batch = self.batch(*items, sequence=sequence)
        end = time.monotonic() + timeout
        while True:
            try:
                return self.client.ask(batch, timeout=30)
            except (wire.Refused, TimeoutError) as error:
                if isinstance(error, wire.Refused) and error.refusal.code != wire.proto("envelope").Refusal.RETRY_LATER:
                    raise
                assert time.monotonic() < end, f"not taken within {timeout} s: {error}"

    def close(self):
        self.client.close()


def complaint(number, **fields):
    values = dict(
        external_id=f"GD{number:08d}",
        title=f"第{number}号诉求",
        content=f"某村第{number}组有人向河道倾倒垃圾，反映多次未处理。",
        received_at_us=1_750_000_000_000_000 + number * 1_000_000,
    )
    values.update(fields)
    return pb().Complaint(**values)


def outcomes(receipt):
    names = pb().ItemReceipt.Outcome.Name
    return [names(item.outcome).lower() for item in receipt.items]


def emitted(database, kind):
    """Ids in messages of a kind that wait for their receiver."""
    ids = []
    for (data,) in database.rows("SELECT envelope FROM intake.outbox WHERE type = %s", f"wjz.intake.{kind}"):
        cover = wire.proto("envelope").Envelope.FromString(bytes(data))
        body = wire.unpack(cover)
        ids += list(body.record if kind == "EnforcementAccepted" else body.complaint)
    return ids


__all__ = ["REGION", "Platform", "ask_intake", "complaint", "define_feed", "emitted", "feed_name", "outcomes", "pb", "wait_until"]


def png(width, height, rows=None):
    """A grey picture; rows: bytes of its image data instead."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    data = zlib.compress((b"\0" + b"\x80" * width) * height if rows is None else rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def assert_bilingual(text):
    """What people read, in Chinese, then in English."""
    assert re.match(r"[^/]*[\u4e00-\u9fff][^/]* / [A-Za-z]", text), text
