"""The ZeroMQ door: what a platform pushes is in the store when its receipt comes, once, whatever is sent again."""

import pytest
from intake_tools import REGION, Platform, complaint, define_feed, emitted, feed_name, outcomes, pb, wait_until
from wjzlib import wire

REFUSAL = wire.proto("envelope").Refusal


@pytest.fixture(scope="module")
def intake(module_house):
    return module_house.start("intake", door="tcp://127.0.0.1:*", http="")


@pytest.fixture
def platform(module_house, intake, request):
    made = Platform(module_house, intake, name=feed_name("f", request))
    yield made
    made.close()


@pytest.fixture
def db(module_house):
    return module_house.database


def stored(db, platform):
    return db.value(
        "SELECT count(*) FROM intake.complaint c JOIN intake.feed f ON f.number = c.feed WHERE f.name = %s", platform.name
    )


def test_a_complaint_is_stored_before_its_receipt(db, platform):
    receipt = platform.push(complaint(1, categories=["城市管理", "市容环卫"], handler_unit="水务局"))
    assert outcomes(receipt) == ["accepted"]
    assert receipt.feed == platform.name and receipt.sequence == 1 and not receipt.missing
    row = db.row(
        "SELECT feed, external_id, title, categories, handler_unit, source_kind, revision, satisfaction"
        " FROM intake.complaint_for_scoring WHERE region = %s AND id = %s",
        REGION,
        receipt.items[0].id,
    )
    assert row == (platform.name, "GD00000001", "第1号诉求", ["城市管理", "市容环卫"], "水务局", "hotline", 0, 0)
    assert receipt.items[0].id in emitted(db, "ComplaintsAccepted")


LATER = {
    "dispatched_at_us": 1780000000000000,
    "due_at_us": 1780000300000000,
    "visited_at_us": 1780000200000000,
    "redispatch_count": 1,
    "return_count": 2,
    "urge_count": 3,
    "delay_days": 4,
    "votes_for": 5,
    "votes_against": 6,
    "solved": 1,
    "visit_note": "回访",
    "parent_id": "P-1",
}


def columns_of(db, identity):
    names = [name.removesuffix("_us") for name in LATER]
    read = [f"(extract(epoch FROM {name}) * 1000000)::int8" if name.endswith("_at") else name for name in names]
    return db.row(f"SELECT content, {', '.join(read)} FROM intake.complaint WHERE region = %s AND id = %s", REGION, identity)


def test_every_column_is_stored_whatever_comes_together(db, platform):
    nothing = [None if name.endswith("_at_us") else "" if isinstance(value, str) else 0 for name, value in LATER.items()]
    number = 0
    for together in [(LATER,), ({},), ({}, {}), (LATER, LATER), ({}, LATER)]:
        pushed = [complaint(number + i, content=f"内容{number + i}", **later) for i, later in enumerate(together)]
        receipt = platform.push(*pushed)
        number += len(pushed)
        assert outcomes(receipt) == ["accepted"] * len(pushed)
        for item, later, made in zip(receipt.items, together, pushed, strict=True):
            assert list(columns_of(db, item.id)) == [made.content, *(later.values() if later else nothing)]


def test_the_same_batch_again_gets_the_same_receipt(db, platform):
    items = [complaint(n) for n in range(20)]
    first = platform.push(*items, sequence=1)
    again = platform.push(*items, sequence=1)
    assert again == first
    assert stored(db, platform) == 20


def test_the_same_complaints_in_another_batch_are_duplicates(db, platform):
    items = [complaint(n) for n in range(20)]
    first = platform.push(*items)
    second = platform.push(*items)
    assert outcomes(second) == ["duplicate"] * 20
    assert [item.id for item in second.items] == [item.id for item in first.items]
    assert stored(db, platform) == 20


def test_a_sequence_used_twice_for_different_things_loses_nothing(db, platform):
    platform.push(complaint(1), sequence=1)
    receipt = platform.push(complaint(2), sequence=1)
    assert outcomes(receipt) == ["accepted"]
    assert stored(db, platform) == 2


def test_changed_content_is_a_revision_and_the_original_stays(db, platform):
    first = platform.push(complaint(1))
    second = platform.push(complaint(1, status="closed", handle_result="已清运"))
    third = platform.push(complaint(1, status="redone", handle_result="已清运"))
    id = first.items[0].id
    assert outcomes(second) == ["revised"] and outcomes(third) == ["revised"]
    assert second.items[0].id == id
    assert db.row("SELECT status, handle_result FROM intake.complaint WHERE id = %s", id) == ("", "")
    assert db.value("SELECT count(*) FROM intake.revision WHERE id = %s", id) == 2
    view = "SELECT status, handle_result, revision FROM intake.complaint_for_scoring WHERE region = %s AND id = %s"
    assert db.row(view, REGION, id) == ("redone", "已清运", 2)
    assert outcomes(platform.push(complaint(1, status="redone", handle_result="已清运"))) == ["duplicate"]


def test_versions_of_one_complaint_within_a_batch(db, platform):
    receipt = platform.push(complaint(1), complaint(1), complaint(1, title="改"), complaint(1, title="再改"), complaint(1, title="再改"))
    assert outcomes(receipt) == ["accepted", "duplicate", "revised", "revised", "duplicate"]
    assert len({item.id for item in receipt.items}) == 1
    title = db.value("SELECT title FROM intake.complaint_for_scoring WHERE region = %s AND id = %s", REGION, receipt.items[0].id)
    assert title == "再改"


def test_bad_items_do_not_stop_good_ones(platform, db):
    receipt = platform.push(
        complaint(1),
        complaint(2, external_id=""),
        complaint(3, title="", content=" "),
        complaint(4, received_at_us=4_000_000_000_000_000),
        complaint(5, region=999999),
        complaint(6, status="在办"),
        complaint(7, external_id="x" * 129),
        complaint(8),
    )
    assert outcomes(receipt) == ["accepted"] + ["rejected"] * 6 + ["accepted"]
    assert [item.code for item in receipt.items[1:7]] == [
        "missing", "missing", "invalid", "unknown_region", "invalid", "too_long",
    ]
    assert receipt.items[1].field == "external_id" and receipt.items[1].remedy
    assert [item.value for item in receipt.items[1:6]] == ["", "", "2096-10-02T15:06:40+08:00", "999999", "在办"]
    assert stored(db, platform) == 2


def test_text_that_is_no_utf8_refuses_its_item_alone(platform, db):
    def with_title(number, mark):
        return complaint(number, title=mark)

    for bad in (b"\xff\xfe!", b"a\x00bc", b"\xed\xa0\x80"):
        batch = platform.batch(complaint(1), with_title(2, "A" * len(bad)), complaint(3))
        cover = wire.envelope(batch)
        cover.body = cover.body.replace(b"A" * len(bad), bad)
        platform.client.send(cover)
        receipt = wire.unpack(platform.client.receive())
        assert outcomes(receipt)[1] == "rejected"
        assert receipt.items[1].code == "not_utf8" and receipt.items[1].field == "title"
        assert "rejected" not in (outcomes(receipt)[0], outcomes(receipt)[2])
    assert stored(db, platform) == 2


def test_gaps_are_told_until_they_are_filled(platform):
    platform.push(complaint(1), sequence=1)
    receipt = platform.push(complaint(5), sequence=5)
    assert [(gap.first, gap.last) for gap in receipt.missing] == [(2, 4)]
    receipt = platform.push(complaint(3), sequence=3)
    assert [(gap.first, gap.last) for gap in receipt.missing] == [(2, 2), (4, 4)]
    platform.push(complaint(2), sequence=2)
    receipt = platform.push(complaint(4), sequence=4)
    assert not receipt.missing


def test_operators_are_told_of_a_gap_once(house, request):
    intake = house.start("intake", door="tcp://127.0.0.1:*", http="", gap_notice_after="0s")
    house.start("notification", notification_http="127.0.0.1:0")
    platform = Platform(house, intake, name="gappy")
    platform.push(complaint(1), sequence=1)
    platform.push(complaint(5), sequence=5)
    notices = "SELECT recipient, event, body FROM notification.notice WHERE template = 'feed_gap'"
    told = wait_until(lambda: house.database.rows(notices), what="the notice of the gap")
    assert [row[1] for row in told] == ["feed:gappy:gap:2"]
    assert "2" in told[0][2] and "4" in told[0][2]
    platform.push(*[complaint(n) for n in (2, 3, 4)], sequence=2)
    told = wait_until(lambda: [r for r in house.database.rows(notices) if r[1].endswith(":3")], what="the notice of what still lacks")
    assert len(house.database.rows(notices)) == 2
    platform.close()


def test_feedback_after_its_complaint(db, platform):
    id = platform.push(complaint(1)).items[0].id
    said = pb().Feedback(complaint_external_id="GD00000001", satisfaction=pb().DISSATISFIED, at_us=1_751_000_000_000_000, note="没有解决")
    receipt = platform.push(said, pb().Feedback(complaint_external_id="GD00000001", status="redone", redispatch_count=2, at_us=1_751_100_000_000_000))
    assert outcomes(receipt) == ["accepted", "accepted"]
    view = (
        "SELECT satisfaction, visit_note, status, redispatch_count, revision FROM intake.complaint_for_scoring"
        " WHERE region = %s AND id = %s"
    )
    assert db.row(view, REGION, id) == (pb().DISSATISFIED, "没有解决", "redone", 2, 1)
    assert id in emitted(db, "FeedbackAccepted")
    assert outcomes(platform.push(said)) == ["duplicate"]
    assert db.row(view, REGION, id)[4] == 1


def test_feedback_in_any_order_gives_the_same_standing(db, platform):
    platform.push(complaint(1), complaint(2))
    early = dict(satisfaction=pb().DISSATISFIED, status="visited", at_us=1_751_000_000_000_000)
    late = dict(satisfaction=pb().SATISFIED, status="closed", at_us=1_752_000_000_000_000)
    for number, order in ((1, (early, late)), (2, (late, early))):
        for values in order:
            platform.push(pb().Feedback(complaint_external_id=f"GD{number:08d}", **values))
    rows = db.rows(
        "SELECT satisfaction, status FROM intake.complaint_for_scoring WHERE region = %s AND feed = %s", REGION, platform.name
    )
    assert rows == [(pb().SATISFIED, "closed")] * 2


def test_feedback_before_its_complaint_finds_it_later(db, platform):
    receipt = platform.push(pb().Feedback(complaint_external_id="GD00000009", satisfaction=pb().VERY_DISSATISFIED))
    assert outcomes(receipt) == ["accepted"]
    id = platform.push(complaint(9)).items[0].id
    view = "SELECT satisfaction FROM intake.complaint_for_scoring WHERE region = %s AND id = %s"
    wait_until(lambda: db.value(view, REGION, id) == pb().VERY_DISSATISFIED, what="feedback adopted")
    wait_until(lambda: id in emitted(db, "FeedbackAccepted"), what="scoring is told")


def test_enforcement_records_and_their_revisions(db, platform):
    def record(**fields):
        return pb().EnforcementRecord(document_no="崇综执罚〔2026〕1号", subject_name="某公司", fine_fen=-1, **fields)

    first = platform.push(record(decided_on=20000))
    again = platform.push(record(decided_on=20000))
    changed = platform.push(record(decided_on=20000, executed_on=20030))
    assert outcomes(first) + outcomes(again) + outcomes(changed) == ["accepted", "duplicate", "revised"]
    id = first.items[0].id
    row = db.row(
        "SELECT document_no, subject_name, decided_on - date '1970-01-01', executed_on - date '1970-01-01', revision, feed"
        " FROM intake.enforcement_for_scoring WHERE region = %s AND id = %s",
        REGION,
        id,
    )
    assert row == ("崇综执罚〔2026〕1号", "某公司", 20000, 20030, 1, platform.name)
    assert emitted(db, "EnforcementAccepted").count(id) == 2


def test_reporters_are_sealed_and_recognised(db, platform):
    def by(number, **who):
        return complaint(number, reporter=pb().Reporter(**who))

    receipt = platform.push(
        by(1, name="张三", phone="138-0000-1111"),
        by(2, name="张先生", phone="+86 13800001111"),
        by(3, name="李四", phone="13900002222"),
        by(4, name="王五", phone="13700003333", anonymous=True),
        by(5, name="赵六"),
        by(6, handle="A00012"),
        by(7, handle="A00012"),
    )
    ids = [item.id for item in receipt.items]
    rows = dict(db.rows("SELECT id, reporter_hash FROM intake.complaint WHERE id = ANY(%s)", ids))
    hashes = [rows[id] for id in ids]
    assert hashes[0] == hashes[1] != 0 and hashes[2] not in (0, hashes[0])
    assert hashes[3] == hashes[4] == 0
    assert hashes[5] == hashes[6] != 0
    cipher = bytes(db.value("SELECT reporter_cipher FROM intake.complaint WHERE id = %s", ids[0]))
    assert "张三".encode() not in cipher and b"1380000" not in cipher
    assert db.value("SELECT source_kind FROM intake.complaint_for_scoring WHERE region = %s AND id = %s", REGION, ids[3]) == "anonymous"


def test_a_key_pushes_to_its_own_feed_only(module_house, intake, platform):
    other = Platform(module_house, intake, name="somebody-else")
    batch = other.batch(complaint(1))
    with pytest.raises(wire.Refused) as refused:
        platform.client.ask(batch)
    other.close()
    assert refused.value.refusal.code == REFUSAL.FORBIDDEN and refused.value.refusal.field == "feed"


def test_a_feed_is_of_a_county_that_somebody_answers_for(house):
    """While the directory is empty there is a warning alone; then a county without an organ is refused, but its feed can be shut, or moved."""
    house.start("intake", door="", http="")
    db = house.database

    def define(name, region, *words):
        made = ["--title", "甲", "--profile", "hotline-12345", "--legal-basis", "测试", "--clue-source", "complaint"]
        return house.wjz("feeds", "define", name, "--region", region, *made, *words, check=False)

    organ = "INSERT INTO directory.organ (code, name, region, level, effective_from) VALUES (%s, '院', %s, 'county', current_date + %s)"
    db.run(organ, "JCY-510199", 510199, 1)  # not yet in force
    status, _, errors = define("early", 510199)
    assert status == 0 and "名录中还没有检察院" in errors and "the directory has no organ yet" in errors
    db.run(organ, "JCY-510184", 510184, 0)
    db.run(organ, "JCY-510104", 510104, 0)
    for name in ("early", "late"):
        status, _, errors = define(name, 510199)
        assert status == 1 and 'field region "510199"' in errors, errors
        assert all(part in errors for part in ("没有检察院", "has no organ in the directory", "510184, 510104", "wjz directory load FILE")), errors
    assert db.value("SELECT count(*) FROM intake.feed WHERE name = 'late'") == 0
    assert house.wjz("feeds", "define", "early", "--enable", check=False)[0] == 1
    assert house.wjz("feeds", "define", "early", "--disable", check=False)[::2] == (0, "")
    db.run("UPDATE intake.feed SET organ = 'JCY-510104' WHERE name = 'early'")  # as the file may say: that one stands in
    assert house.wjz("feeds", "define", "early", "--enable", check=False)[::2] == (0, "")
    assert define("early", 510104, "--enable")[::2] == (0, "")
    assert db.row("SELECT region, disabled FROM intake.feed WHERE name = 'early'") == (510104, False)


def test_a_feed_of_the_file_whose_county_has_no_organ_is_told(house):
    house.database.run("INSERT INTO directory.organ (code, name, region, level) VALUES ('JCY-510199', '院', 510199, 'county')")
    intake = house.start("intake", door="", http="")
    assert 'event="feed of a county without an organ" feed=hotline-12345 region=510184' in intake.text()


def test_an_unknown_key_gets_no_answer(platform):
    stranger = wire.Client(platform.endpoint, platform.server_key, wire.curve_keys())
    with pytest.raises(TimeoutError):
        stranger.ask(platform.batch(complaint(1)), timeout=2)
    stranger.close()
    assert outcomes(platform.push(complaint(1), sequence=1)) == ["accepted"]


def test_a_key_that_was_replaced_is_of_no_use_to_who_is_still_connected(module_house, intake, platform, db):
    assert outcomes(platform.push(complaint(1))) == ["accepted"]
    old, new = platform.client, wire.curve_keys()
    define_feed(module_house, platform.name, curve_key=new[0], new_bearer_key=False)
    with pytest.raises(wire.Refused) as refused:
        old.ask(platform.batch(complaint(2)))
    assert refused.value.refusal.code == REFUSAL.FORBIDDEN and "present key" in refused.value.refusal.remedy
    platform.keys = new
    platform.connect()
    assert outcomes(platform.push(complaint(3))) == ["accepted"]
    stored = "SELECT count(*) FROM intake.complaint c JOIN intake.feed f ON f.number = c.feed WHERE f.name = %s"
    assert db.value(stored, platform.name) == 2


def test_a_disabled_feed_is_told(module_house, platform):
    define_feed(module_house, platform.name, disabled=True, new_bearer_key=False)
    with pytest.raises(wire.Refused) as refused:
        platform.push(complaint(1))
    assert refused.value.refusal.code == REFUSAL.FORBIDDEN


@pytest.mark.parametrize("fault", ["no sequence", "too many items"])
def test_faulty_batches_are_refused(module_house, intake, fault):
    made = Platform(module_house, intake, name="faulty-" + fault.replace(" ", "-"))
    with pytest.raises(wire.Refused) as refused:
        if fault == "no sequence":
            made.push(complaint(1), sequence=0)
        else:
            made.push(*[complaint(n) for n in range(513)])
    made.close()
    assert refused.value.refusal.code == (REFUSAL.INVALID if fault == "no sequence" else REFUSAL.TOO_LARGE)


def test_a_feed_over_its_rate_waits_and_others_do_not(module_house, intake, platform):
    slow = Platform(module_house, intake, name="slow-feed", rate_per_second=1)
    taken = slow.push(*[complaint(n) for n in range(400)])  # minutes of its rate: it is over it for as long
    assert outcomes(taken) == ["accepted"] * 400
    with pytest.raises(wire.Refused) as refused:
        slow.push(*[complaint(n) for n in range(400, 420)])
    assert refused.value.refusal.code == REFUSAL.RETRY_LATER and refused.value.refusal.retry_after_ms > 100
    assert outcomes(platform.push(*[complaint(n) for n in range(512)])) == ["accepted"] * 512
    slow.close()


def test_a_definition_that_lacks_something_is_refused(module_house, intake):
    with pytest.raises(wire.Refused) as refused:
        define_feed(module_house, "nameless", legal_basis="")
    assert refused.value.refusal.code == REFUSAL.INVALID and refused.value.refusal.field == "legal_basis"
    with pytest.raises(wire.Refused) as refused:
        define_feed(module_house, "no-profile", profile="nowhere")
    assert refused.value.refusal.field == "profile"


def test_health_is_written_down(db, platform):
    platform.push(complaint(1), complaint(2, external_id=""))
    platform.push(complaint(1))
    query = (
        "SELECT sum(accepted), sum(duplicate), sum(revised), sum(rejected) FROM intake.feed_day d JOIN intake.feed f ON f.number = d.feed"
        " WHERE f.name = %s"
    )
    wait_until(lambda: db.row(query, platform.name) == (1, 1, 0, 1), what="counts written")


def test_operators_are_told_once_of_a_feed_that_is_silent_or_refused(house):
    intake = house.start("intake", door="tcp://127.0.0.1:*", http="", health_every="1s")
    house.start("notification", notification_http="127.0.0.1:0")
    quiet = Platform(house, intake, name="quiet", silent_after_s=1)
    wrong = Platform(house, intake, name="wrong")
    quiet.push(complaint(1))
    wrong.push(*[complaint(n) for n in range(60)], *[complaint(n, title="", content="") for n in range(100, 120)])
    notices = "SELECT event, body FROM notification.notice WHERE template = 'feed_unhealthy' ORDER BY event"
    told = wait_until(lambda: [r for r in [house.database.rows(notices)] if len(r) == 2], what="the notices of both feeds")[0]
    assert told[0][0].startswith("feed:quiet:silent:") and "久未收到" in told[0][1]
    assert told[1][0].startswith("feed:wrong:rejecting:") and "25 %" in told[1][1]
    handled = "SELECT count(*) FROM notification.inbox"
    again = house.database.value(handled)
    quiet.push(complaint(2))  # the next silence is another one
    wait_until(lambda: len(house.database.rows(notices)) == 3, what="the notice of the second silence")
    assert house.database.value(handled) == again + 1
    quiet.close()
    wrong.close()


def test_a_silence_too_long_to_be_meant_is_refused(module_house, intake):
    with pytest.raises(wire.Refused) as refused:
        define_feed(module_house, "patient", silent_after_s=400 * 86400)
    assert refused.value.refusal.field == "silent_after_s"
