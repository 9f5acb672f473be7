"""What new complaints say goes to scoring with the message about them, and must be what scoring would read; whoever gets the
message without it, or after a revision, comes to the same."""

import pytest
from intake_tools import REGION, Platform, complaint, pb, wait_until
from test_intake_feeds import LATER
from test_scoring import check_whole
from wjzlib import wire
from wjzlib.consumer import Consumer

VIEW = "complaint_as_received"
# Of the view, in AsReceived itself; all else is in its complaint.
OWN = {"id", "feed", "anonymous", "confidential", "reporter_hash"}
ELSEWHERE = {"region", "longitude", "latitude", "categories"}

REPORTER = {"name": "欧阳某某", "phone": "13800001234", "id_number": "510184199001011234", "handle": "kefu-77"}
SORTS = {
    "plain": {},
    "without times": {"received_at_us": 0},
    "to the microsecond": {"received_at_us": 1_750_000_000_123_457, "finished_at_us": 1_750_000_900_000_001},
    "title alone": {"content": ""},
    "content alone": {"title": ""},
    "long": {"content": "某村道路破损、积水。" * 2000},
    "odd texts": {"title": " 前后空格 ", "content": "换行\n制表\t引号'\"\\x 😀𠮷 \u200b 末尾"},
    "as an agency has it": {
        "order_type": "投诉",
        "source_channel": "电话",
        "incident_address": "崇州市某某路12号",
        "town": "崇阳街道",
        "village": "510184001001",
        "handler_unit": "水务局",
        "handle_result": "已派单处理。" * 300,
        "status": "closed",
        "satisfaction": 5,
        "finished_at_us": 1_750_000_800_000_000,
    },
    "categories": {"categories": ["城市管理", "市容环卫", "垃圾/清运", ""]},
    "one category": {"categories": ["环境保护"]},
    "position": {"position": {"longitude": 103.67300000000001, "latitude": 30.6299999999999, "accuracy_m": 12.5}},
    "no position": {"position": {"longitude": 0, "latitude": 0}},
    "half a position": {"position": {"accuracy_m": 3}},
    "handled": {**LATER, "due_at_us": LATER["due_at_us"] + 1},
    "photos": {"photo_count": 3},
    "somebody": {"reporter": REPORTER},
    "anonymous": {"reporter": {**REPORTER, "anonymous": True}},
    "anonymous with a photo": {"reporter": {"anonymous": True}, "photo_count": 1},
    "confidential": {"reporter": {**REPORTER, "confidential": True}},
}


def of_sort(number, fields):
    made = dict(fields)
    if "position" in made:
        made["position"] = pb().Position(**made["position"])
    if "reporter" in made:
        made["reporter"] = pb().Reporter(**made["reporter"])
    return complaint(number, **made)


def columns(db):
    rows = db.rows(
        "SELECT column_name, data_type LIKE 'timestamp%%' FROM information_schema.columns"
        " WHERE table_schema = 'intake' AND table_name = %s",
        VIEW,
    )
    return dict(rows)


def as_stored(db, id):
    """A row of the view by column, times in microseconds."""
    times = columns(db)
    listed = ", ".join(
        f"coalesce((extract(epoch FROM {name}) * 1000000)::int8, 0)" if time else name for name, time in times.items()
    )
    row = db.row(f"SELECT {listed} FROM intake.{VIEW} WHERE region = %s AND id = %s", REGION, id)
    return dict(zip(times, row)), {name for name, time in times.items() if time}


def field_of(column, times):
    return f"{column}_us" if column in times else column


def check_same(db, received):
    said = received.complaint
    stored, times = as_stored(db, received.id)
    for column in OWN:
        assert getattr(received, column) == stored[column], column
    for column in set(stored) - OWN - ELSEWHERE:
        assert getattr(said, field_of(column, times)) == stored[column], column
    assert stored["region"] == REGION
    assert "\x1f".join(said.categories) == stored["categories"]
    here = (said.position.longitude, said.position.latitude) if said.HasField("position") else (None, None)
    assert here == (stored["longitude"], stored["latitude"])
    known = {field_of(column, times) for column in stored} | {"position"}
    assert {field.name for field, _ in said.ListFields()} <= known
    assert not said.position.accuracy_m


@pytest.fixture
def intake(house):
    return house.start("intake", door="tcp://127.0.0.1:*")


@pytest.fixture
def platform(house, intake):
    made = Platform(house, intake)
    yield made
    made.close()


@pytest.fixture
def consumer(house, intake):
    made = Consumer(house, "scoring", "intake")
    yield made
    made.close()


def test_a_message_brings_what_the_store_would_give(database, platform, consumer):
    items = [of_sort(number, fields) for number, fields in enumerate(SORTS.values(), 1)]
    alone, together = items[:], [of_sort(100 + number, fields) for number, fields in enumerate(SORTS.values(), 1)]
    for item in alone:
        platform.push(item)
        cover = consumer.receive()
        body = wire.unpack(cover)
        assert [one.id for one in body.received] == list(body.complaint) and len(body.complaint) == 1
        check_same(database, body.received[0])
    platform.push(*together)
    cover = consumer.receive()
    body = wire.unpack(cover)
    assert [one.id for one in body.received] == list(body.complaint) and len(body.complaint) == len(together)
    for one in body.received:
        check_same(database, one)


def test_nothing_of_it_is_stored_and_nobody_is_named(database, platform, consumer):
    platform.push(of_sort(1, {**SORTS["confidential"], "content": "只在消息里"}))
    cover = consumer.receive()
    frame = cover.SerializeToString()
    assert "只在消息里".encode() in frame
    assert not any(word.encode() in frame for word in REPORTER.values())
    row = bytes(database.value("SELECT envelope FROM intake.outbox WHERE destination = 'scoring'"))
    stored = wire.proto("envelope").Envelope.FromString(row)
    assert not stored.fresh and stored.body == cover.body
    assert not wire.unpack(stored).received


def test_a_revision_brings_nothing(platform, consumer):
    platform.push(complaint(1))
    consumer.receive()
    platform.push(complaint(1, content="换了内容"), complaint(2), complaint(3), complaint(3, content="一批里改了"))
    body = wire.unpack(consumer.receive())
    assert len(body.complaint) == 3 and len(body.received) == 1
    assert body.received[0].complaint.external_id == complaint(2).external_id


def test_what_is_too_much_for_a_message_is_left_out(platform, consumer):
    platform.push(*[complaint(number, content="长" * 20000) for number in range(1, 31)])
    body = wire.unpack(consumer.receive())
    assert len(body.complaint) == 30
    assert 10 < len(body.received) < 20


# --- scoring ---


def found(database):
    return database.rows("SELECT complaint, clue, revision, finding, matter FROM scoring.finding ORDER BY complaint")


def clues(database):
    return database.rows("SELECT id, index, stars, card, complaint_count, reporter_count FROM scoring.clue ORDER BY id")


def wait_found(database, count):
    wait_until(lambda: database.value("SELECT count(*) FROM scoring.finding") == count, what=f"{count} findings")


def rescore(database, scoring):
    database.run("UPDATE scoring.finding SET scored_at = '2026-01-01'")
    endpoint = database.value("SELECT request_endpoint FROM bus.instance WHERE name = %s", scoring.instance)
    with wire.Client(endpoint) as client:
        client.ask(wire.proto("scoring").Rescore(), region=REGION)
    wait_until(
        lambda: not database.value("SELECT count(*) FROM scoring.finding WHERE scored_at < '2026-02-01'"),
        what="all scored again",
    )


def test_what_is_read_from_the_store_scores_the_same(house, database, platform):
    scoring = house.start("scoring")
    for number, fields in enumerate(SORTS.values(), 1):
        platform.push(of_sort(number, fields))
    platform.push(*[of_sort(100 + number, fields) for number, fields in enumerate(SORTS.values(), 1)])
    platform.push(*[complaint(number) for number in range(1000, 1100)])
    everything = 2 * len(SORTS) + 100
    wait_found(database, everything)
    brought = scoring.metric("wjz_scoring_complaints_brought_total")
    assert brought > everything / 2
    before = found(database), clues(database)
    rescore(database, scoring)
    assert (found(database), clues(database)) == before
    assert scoring.metric("wjz_scoring_complaints_brought_total") == brought
    check_whole(database)


def test_what_is_sent_by_a_successor_is_read(house, database, intake, platform):
    platform.push(*[complaint(number) for number in range(1, 41)])
    platform.push(complaint(50))
    intake.kill()
    house.start("intake", door="tcp://127.0.0.1:*")
    scoring = house.start("scoring")
    wait_found(database, 41)
    assert scoring.metric("wjz_scoring_complaints_brought_total") == 0
    check_whole(database)


@pytest.mark.parametrize("many", [0, 60])
def test_what_has_changed_since_wins(house, database, platform, many):
    """Told as new, and revised or rated before anybody has scored it: alone, and in a flood."""
    ids = {}
    for number, fields in {1: {}, 2: {}, 3: {}}.items():
        ids[number] = platform.push(complaint(number, **fields)).items[0].id
    if many:
        platform.push(*[complaint(number) for number in range(100, 100 + many)])
    platform.push(complaint(1, content="电梯经常困人，维保不到位。"))
    platform.push(pb().Feedback(complaint_external_id=complaint(2).external_id, satisfaction=5, note="没有解决"))
    scoring = house.start("scoring")
    wait_found(database, 3 + many)
    revisions = "SELECT complaint, revision FROM scoring.finding WHERE complaint = ANY (%s)"
    expected = {ids[1]: 1, ids[2]: 1, ids[3]: 0}
    wait_until(lambda: dict(database.rows(revisions, list(ids.values()))) == expected, what="what has changed is scored")
    assert scoring.metric("wjz_scoring_complaints_brought_total") > 0
    before = found(database)
    rescore(database, scoring)
    assert found(database) == before
    check_whole(database)
