"""Hostile bytes at the ZeroMQ sockets: refused by name, counted, and no other feed notices."""

import contextlib
import pathlib
import resource
import socket
import stat

import pytest
import zmq
from hostile_tools import Bystander, Counted, complaint, grew_little, mode, open_files, outcomes, pb, resident, stored, text_fields
from intake_tools import Platform, ask_intake, feed_name
from wjzlib import wire
from wjzlib.producer import Producer
from wjzlib.wait import PATIENCE, wait_until

Refusal = wire.proto("envelope").Refusal
Envelope = wire.proto("envelope").Envelope
SILENCE = 1.5  # seconds in which an answer would have come


@pytest.fixture(scope="module")
def intake(module_house):
    return module_house.start("intake", door="tcp://127.0.0.1:*", http="")


@pytest.fixture(scope="module")
def bystander(module_house, intake):
    made = Bystander(module_house, intake)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def nobody_else_notices(bystander):
    bystander.still_served()
    yield
    bystander.still_served()


@pytest.fixture
def platform(module_house, intake, request):
    made = Platform(module_house, intake, name=feed_name("w", request))
    yield made
    made.close()


@pytest.fixture
def db(module_house):
    return module_house.database


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes(out) + bytes([number])


def block(number, data):
    """A field of bytes, as protobuf packs it."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def cover(body=b"", type="wjz.intake.FeedBatch", **fields):
    return Envelope(**{"id": 77, "type": type, "schema": 1, "body": body, **fields}).SerializeToString()


def refusal(client, timeout=PATIENCE):
    answer = client.receive(timeout)
    assert answer.type == "wjz.Refusal", answer.type
    return wire.unpack(answer)


def silent(client):
    with pytest.raises(TimeoutError):
        client.receive(SILENCE)


# --- frames that are no request ---

WHOLE = cover(pb().FeedBatch(feed="x", sequence=1).SerializeToString())

NO_ENVELOPE = {
    "noise": [b"\xff\xfe\xfd" * 100],
    "zeros": [b"\0" * 1000],
    "text": [b"GET / HTTP/1.1\r\n\r\n"],
    "endless varint": [b"\xff" * 20],
    "length beyond the end": [b"\x12\xff\xff\xff\xff\x0fx"],
    "length that overflows": [b"\x12" + b"\xff" * 9 + b"\x01"],
    "group": [b"\x0b\x0c"],
    "field number 0": [b"\x02\x01x"],
    "no type": [Envelope(id=1, schema=1).SerializeToString()],
    "id of another wire type": [b"\x08\x01" + WHOLE],
    "cut off": [WHOLE[:-3]],
    "two frames": [WHOLE, WHOLE],
    "delimiter first, as REQ sends": [b"", WHOLE],
    "eleven frames": [WHOLE] * 11,
    "three thousand frames": [b"x"] * 3000,
    "empty frames": [b""] * 50,
}


@pytest.mark.parametrize("frames", NO_ENVELOPE.values(), ids=NO_ENVELOPE)
def test_what_is_no_envelope_is_malformed(intake, platform, db, frames):
    with Counted(intake, "wjz_door_refused_total", door="door:1", reason="malformed") as seen:
        platform.client.send_bytes(*frames)
        said = refusal(platform.client)
    assert said.code == Refusal.MALFORMED and said.message and said.remedy
    assert seen.grown() == 1
    assert outcomes(platform.push(complaint(1))) == ["accepted"]
    assert stored(db, platform.name)["complaint"] == 1


def test_an_envelope_cut_anywhere_is_refused(platform, db):
    whole = cover(platform.batch(complaint(1)).SerializeToString())
    for length in range(1, len(whole)):
        platform.client.send_bytes(whole[:length])
        assert refusal(platform.client).code in (Refusal.MALFORMED, Refusal.UNKNOWN_TYPE, Refusal.INVALID, Refusal.FORBIDDEN)
    assert stored(db, platform.name) == {"complaint": 0, "enforcement_record": 0, "feedback": 0, "batch": 0}


def test_a_body_cut_anywhere_stores_nothing_of_the_rest(platform, db):
    body = platform.batch(complaint(1), complaint(2)).SerializeToString()
    begin = len(block(1, platform.name.encode())) + 2  # behind feed and sequence
    for length in range(begin + 1, len(body)):
        platform.client.send_bytes(cover(body[:length]))
        answer = platform.client.receive()
        if answer.type == "wjz.Refusal":
            said = wire.unpack(answer)
            assert said.code == Refusal.MALFORMED and said.field == "body" and said.message.startswith("FeedBatch")
        else:  # cut between the items: a whole batch of one
            assert outcomes(wire.unpack(answer)) == ["accepted"]
    assert stored(db, platform.name)["complaint"] <= 1


def test_an_empty_message_is_a_probe_and_answered_by_nothing(platform):
    for _ in range(100):
        platform.client.send_bytes(b"")
    assert outcomes(platform.push(complaint(1))) == ["accepted"]


# --- envelopes that no handler gets ---


@pytest.mark.parametrize("type", ["wjz.intake.Nothing", "wjz.Refusal", "wjz.intake.DefineFeed", "wjz.bus.DropDeadLetters", "x" * 1_000_000, "wjz.intake.FeedBatch\0", "'; DROP TABLE intake.feed; --"], ids=lambda t: t[:12])
def test_unknown_types(intake, platform, type):
    """Among them those of the operators: the door outside has none of the doors inside."""
    with Counted(intake, "wjz_door_refused_total", door="door:1", reason="unknown_type") as seen:
        platform.client.send_bytes(block(2, type.encode()) + varint(3 << 3) + b"\1" + b"\x09" + b"\x05" + b"\0" * 7)
        said = refusal(platform.client)
    assert (said.code, said.field) == (Refusal.UNKNOWN_TYPE, "type") and said.remedy and seen.grown() == 1


def test_a_type_that_is_no_text(platform):
    platform.client.send_bytes(block(2, b"\xff\xfe") + varint(3 << 3) + b"\1")
    assert refusal(platform.client).code == Refusal.UNKNOWN_TYPE


@pytest.mark.parametrize("schema", [0, 2, 2**32 - 1])
def test_a_schema_that_is_not_known(platform, schema):
    platform.client.send_bytes(cover(platform.batch(complaint(1)).SerializeToString(), schema=schema))
    said = refusal(platform.client)
    assert (said.code, said.field) == (Refusal.INVALID, "schema") and said.remedy


def test_a_question_that_is_late_already_is_not_carried_out(intake, platform, db):
    with Counted(intake, "wjz_door_refused_total", door="door:1", reason="deadline") as seen:
        platform.client.send_bytes(cover(platform.batch(complaint(1)).SerializeToString(), deadline_us=1))
        seen.reaches(1)
        silent(platform.client)
    assert stored(db, platform.name)["complaint"] == 0


@pytest.mark.parametrize("trace", [b"\r\nlevel=error event=\"owned\"", b"\0" * 50, b"\xff" * 50, b"x" * 1_000_000])
def test_a_trace_that_is_none_is_not_believed(intake, platform, trace):
    platform.client.send_bytes(cover(platform.batch(complaint(1)).SerializeToString()) + block(6, trace))
    assert outcomes(wire.unpack(platform.client.receive())) == ["accepted"]
    assert "owned" not in intake.text()


# --- batches ---


def test_faults_of_a_batch_are_named(platform):
    def refused(batch):
        with pytest.raises(wire.Refused) as caught:
            platform.client.ask(batch)
        said = caught.value.refusal
        assert said.message and said.remedy
        return said.code, said.field

    items = [complaint(n) for n in range(513)]
    assert refused(platform.batch(*items)) == (Refusal.TOO_LARGE, "items")
    assert refused(platform.batch(complaint(1), sequence=0)) == (Refusal.INVALID, "sequence")
    assert refused(platform.batch(complaint(1), sequence=2**64 - 1)) == (Refusal.INVALID, "sequence")
    for name in ("bystander", "nobody", "", "x" * 100_000, "../../etc/passwd", "' OR 1=1 --"):
        batch = platform.batch(complaint(1))
        batch.feed = name
        assert refused(batch) == (Refusal.FORBIDDEN, "feed")


@pytest.mark.parametrize("name, repeated", {"items": block(3, b""), "categories": block(6, b""), "fields": b"\x98\x01\x01"}.items())
def test_repetition_without_end_is_bounded(intake, platform, name, repeated):
    before = resident(intake)
    many = repeated * (7_900_000 // len(repeated))
    body = block(1, platform.name.encode()) + b"\x10\x01" + (many if name == "items" else block(3, block(1, many)))
    platform.client.send_bytes(cover(body))
    answer = platform.client.receive()
    if answer.type == "wjz.Refusal":
        assert wire.unpack(answer).code == Refusal.TOO_LARGE
    else:
        assert outcomes(wire.unpack(answer)) == ["rejected"]
    grew_little(intake, before, 200 << 20)


def bad_text(message, field, mark, bad):
    """Packed, with a text in that field that no text is."""
    setattr(message, field, "A" * len(bad))
    return message.SerializeToString().replace(b"A" * len(bad), bad)


BAD_TEXTS = [b"\xff\xfe\xfd\xfc", b"AB\0CDEF"[1:], b"\xed\xa0\x80x", b"\xc0\x80xx", b"\xf4\x90\x80\x80"]


@pytest.mark.parametrize("kind", ["complaint", "enforcement_record", "feedback"])
def test_text_that_is_none(platform, db, kind):
    """In every field there is: its item is refused, alone."""
    classes = {"complaint": pb().Complaint, "enforcement_record": pb().EnforcementRecord, "feedback": pb().Feedback}
    number = {"complaint": 1, "enforcement_record": 2, "feedback": 3}[kind]
    items, expected = [], []
    for bad in BAD_TEXTS:
        for field in text_fields(classes[kind]):
            items.append(block(number, block(classes[kind].DESCRIPTOR.fields_by_name[field].number, bad)))
            expected.append(field)
        if kind == "complaint":
            for field in text_fields(pb().Reporter):
                inner = block(pb().Reporter.DESCRIPTOR.fields_by_name[field].number, bad)
                items.append(block(1, block(7, inner)))
                expected.append(f"reporter_{field}")
            items.append(block(1, block(6, bad)))
            expected.append("categories")
    good = pb().FeedItem(complaint=complaint(1)).SerializeToString()
    body = block(1, platform.name.encode()) + b"\x10\x01" + b"".join(block(3, item) for item in [*items, good])
    platform.client.send_bytes(cover(body))
    receipt = wire.unpack(platform.client.receive())
    assert outcomes(receipt) == ["rejected"] * len(items) + ["accepted"]
    for item, field in zip(receipt.items, expected):
        assert (item.field, item.code) == (field, "not_utf8") or item.code == "missing", (field, item)
        assert item.message and item.remedy
    assert stored(db, platform.name)["complaint"] == 1


def test_sql_and_markup_are_stored_as_the_text_they_are(platform, db):
    text = "'; DROP TABLE intake.complaint; -- \\'; $1 %s {0} <script>alert(1)</script> ${jndi:x} =cmd|'/c'!A0 \u202e\u2028 \x01\x7f"
    fields = {f: f"{text} {f}"[:100] for f in ("external_id", "title", "content", "handler_unit", "town", "village")}
    receipt = platform.push(complaint(1, **fields))
    assert outcomes(receipt) == ["accepted"]
    assert db.row("SELECT external_id, title, content, handler_unit, town, village FROM intake.complaint WHERE id = %s", receipt.items[0].id) == tuple(fields.values())


# --- size ---


@pytest.mark.parametrize("size", [9 << 20, 100 << 20])
def test_a_message_beyond_the_limit_ends_its_connection_alone(intake, platform, db, size):
    before = resident(intake)
    with Counted(intake, "wjz_connections_total", door="door:1", event="ended") as seen:
        platform.client.send_bytes(cover(b"x" * size))
        wait_until(lambda: seen.grown() >= 1, what="connection ended")
    silent(platform.client)
    platform.connect()
    assert outcomes(platform.push_until_taken(complaint(1))) == ["accepted"]
    grew_little(intake, before, size + (64 << 20))
    assert stored(db, platform.name)["complaint"] == 1


# --- who may speak ---


def knock(endpoint, noticed, server_key=None, keys=None, mechanism="curve"):
    """A client that asks once and stays until it is noticed; whether it was answered."""
    context = wire.Context()
    asker = context.socket(zmq.DEALER)
    asker.linger = 0
    if mechanism == "plain":
        asker.plain_username, asker.plain_password = b"admin", b"admin"
    elif mechanism == "curve":
        public, secret = keys or wire.curve_keys()
        asker.curve_serverkey, asker.curve_publickey, asker.curve_secretkey = server_key.encode(), public.encode(), secret.encode()
    asker.connect(endpoint)
    asker.send(cover(pb().FeedBatch(feed="bystander", sequence=1).SerializeToString()))
    wait_until(noticed, what="somebody at the door is noticed")
    answered = asker.poll(int(SILENCE * 1000)) != 0
    asker.close()
    context.term()
    return answered


def test_a_key_that_nobody_knows(intake, platform):
    with Counted(intake, "wjz_connections_refused_total") as seen:
        assert not knock(platform.endpoint, lambda: seen.grown() >= 1, platform.server_key)


@pytest.mark.parametrize("mechanism", ["null", "plain", "wrong server key"])
def test_handshakes_that_are_none(intake, platform, mechanism):
    with Counted(intake, "wjz_connections_total", door="door:1", event="refused") as seen:
        how = {"server_key": wire.curve_keys()[0], "keys": platform.keys} if mechanism == "wrong server key" else {"mechanism": mechanism}
        assert not knock(platform.endpoint, lambda: seen.grown() >= 1, **how)


def address_of(endpoint):
    host, port = endpoint.removeprefix("tcp://").rsplit(":", 1)
    return host, int(port)


GREETING = b"\xff" + b"\0" * 8 + b"\x7f\x03\x00CURVE" + b"\0" * 47


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n" * 10, b"\0" * 10_000, GREETING, GREETING + b"\x04\x05HELLO" * 1000, GREETING + b"\x06" + b"\xff" * 8 + b"x" * 1000], ids=["http", "zeros", "greeting", "no hello", "endless command"])
def test_bytes_that_are_no_zeromq(intake, platform, data):
    with socket.create_connection(address_of(platform.endpoint)) as raw:
        raw.settimeout(PATIENCE)
        with contextlib.suppress(ConnectionError):
            raw.sendall(data)
            while raw.recv(1024):  # until the door hangs up
                pass


def test_connections_that_never_say_anything(intake, platform, bystander):
    """More than a process has file descriptors for by default; each is given up when its handshake has taken too long."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, most), most))
    before = open_files(intake)
    crowd = min(1500, most - 200)
    with contextlib.ExitStack() as stack:
        for _ in range(crowd):
            stack.enter_context(socket.create_connection(address_of(platform.endpoint), timeout=PATIENCE))
        bystander.still_served(20)  # batches
        newcomer = wire.Client(platform.endpoint, platform.server_key, platform.keys)
        assert outcomes(newcomer.ask(platform.batch(complaint(1)))) == ["accepted"]
        newcomer.close()
        wait_until(lambda: open_files(intake) < before + 50, what="silent connections given up")


# --- inside the house ---


def test_sockets_and_keys_inside_are_the_users_alone(module_house, intake):
    sockets = [p for p in pathlib.Path(module_house.home, "run").iterdir() if stat.S_ISSOCK(p.stat().st_mode)]
    assert len(sockets) >= 3
    assert {mode(p) for p in sockets} == {0o700}
    secrets = [p for p in pathlib.Path(module_house.home, "keys").iterdir() if p.name != "feed-door.key"]  # the public half
    assert len(secrets) >= 2 and {mode(p) for p in secrets} == {0o600}


def inside(house, service, what):
    return house.database.value(f"SELECT {what}_endpoint FROM bus.instance WHERE service = %s ORDER BY heartbeat_at DESC LIMIT 1", service)


def test_malformed_questions_of_a_neighbour(module_house, intake):
    with wire.Client(inside(module_house, "intake", "request")) as client:
        for frames in NO_ENVELOPE.values():
            client.send_bytes(*frames)
            assert refusal(client).code == Refusal.MALFORMED
        client.send_bytes(cover(b"\xff\xff", type="wjz.intake.DefineFeed"))
        assert refusal(client).code == Refusal.MALFORMED
        client.send_bytes(cover(block(1, b"a\0b"), type="wjz.intake.DefineFeed"))
        assert (refusal(client).message) == 'DefineFeed "name" is not well-formed UTF-8 without NUL'


def test_malformed_words_on_a_queue(intake, module_house):
    bus = wire.proto("bus")
    with Counted(intake, "wjz_door_refused_total", door="queue", reason="malformed") as seen, wire.Client(inside(module_house, "intake", "queue")) as client:
        sent = 0
        for frames in NO_ENVELOPE.values():
            client.send_bytes(*frames)
            sent += 1
        client.send_bytes(cover(type="wjz.bus.Nothing"))
        client.send_bytes(cover(b"\xff", type="wjz.bus.Acknowledge"))
        client.send_bytes(cover(block(1, b"\xff"), type="wjz.bus.Join"))
        wait_until(lambda: seen.grown() == sent + 3, what="words counted")
        for number in range(300):  # instances that are none
            client.send(wire.envelope(bus.Join(service="scoring", instance=900_000 + number, credit=2**32 - 1)))
        client.send(wire.envelope(bus.Acknowledge(id=range(100_000))))
        client.send(wire.envelope(bus.Leave(returned=range(100_000))))


def test_definitions_that_are_none(module_house, intake):
    good = dict(name="fine", title="测试", profile="hotline-12345", region=510184, legal_basis="测试", clue_source="complaint")
    for field, values in {
        "name": ["../x", "", "A", "x" * 64, "a b", "数据", "-a"],
        "profile": ["../../../etc/passwd", "hotline-12345/../x", "nothing", "x" * 5000],
        "region": [1, 1_000_000, 2**32 - 1],
        "clue_source": ["x", "'; --"],
        "source_kind": ["x"],
        "curve_key": ["x", "x" * 41, "x" * 39 + " ", "钥" * 13 + "x", "~" * 40],
        "rate_per_second": [2**32 - 1],
    }.items():
        for value in values:
            with pytest.raises(wire.Refused) as caught:
                ask_intake(module_house, pb().DefineFeed(**{**good, field: value}))
            said = caught.value.refusal
            assert (said.code, said.field) == (Refusal.INVALID, field) and said.remedy, (field, value)
    assert module_house.database.value("SELECT count(*) FROM intake.feed WHERE name = 'fine'") == 0


def test_strangers_inside_over_tcp(house):
    intake = house.start("intake", door="", http="", bind="tcp://127.0.0.1", advertise_host="127.0.0.1")
    public, key = house.database.row("SELECT request_endpoint, public_key FROM bus.instance WHERE service = 'intake'")
    queue = inside(house, "intake", "queue")
    assert public.startswith("tcp://127.0.0.1:") and len(key) == 40
    with Counted(intake, "wjz_connections_refused_total") as seen:
        assert not knock(public, lambda: seen.grown() >= 1, key)
        assert not knock(queue, lambda: seen.grown() >= 2, key)
    with Counted(intake, "wjz_connections_total", event="refused") as seen:
        assert not knock(public, lambda: seen.grown() >= 1, mechanism="null")
    own = wire.curve_keys()
    house.database.run(
        "INSERT INTO bus.instance (number, service, name, public_key, heartbeat_at) VALUES (4001, 'wjz', 'friend', %s, now() + interval '1 hour')", own[0]
    )
    with wire.Client(public, key, own) as friend:
        friend.send_bytes(b"noise")
        assert refusal(friend).code == Refusal.MALFORMED
    with wire.Client(queue, key, own) as friend:  # one who is known, but not as scoring
        friend.send(wire.envelope(wire.proto("bus").Join(service="scoring", instance=4001, credit=100)))
        wait_until(lambda: 'event="join refused"' in intake.text(), what="join refused")


@pytest.mark.parametrize("service", ["scoring", "assignment", "scheduling", "notification"])
def test_a_producer_that_sends_noise(house, service):
    """What is no message costs its sender the delivery, and the consumer nothing."""
    consumer = house.start(service, **({"notification_http": "127.0.0.1:0"} if service == "notification" else {}))
    producer = Producer(house, "intake" if service != "scheduling" else "assignment")
    producer.wait_for(1)
    for frames in NO_ENVELOPE.values():
        producer.socket.send_multipart([producer.consumers[0], *frames])
    for body in (b"", b"\xff", b"\x0a\x02\xff\xff"):
        for type in ("wjz.Nothing", "wjz.intake.ComplaintsAccepted", "wjz.scoring.CluesScored", "wjz.notification.NoticesRequested", "wjz.assignment.AssignmentsChanged"):
            data = Envelope(id=wire.new_id(), type=type, schema=1, region=510184, attempt=1, body=body).SerializeToString()
            producer.socket.send_multipart([producer.consumers[0], data])
    wait_until(lambda: producer._hear(50) or producer.rejected, what="refused")
    assert consumer.metrics()
    producer.close()
