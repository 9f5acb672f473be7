"""Photo reports: photos examined apart from the service, a receipt that is the key to what became of it, nothing shown that was not meant."""

import hashlib
import os

import pytest
from intake_tools import REGION, ask_intake, png, wait_until
from wjzlib import wire

REFUSAL = wire.proto("envelope").Refusal


def pb():
    return wire.proto("report")


@pytest.fixture(scope="module")
def intake(module_house):
    return module_house.start("intake", door="", http="")


@pytest.fixture
def db(module_house):
    return module_house.database


def store(house, data):
    return ask_intake(house, pb().StoreAttachment(region=REGION, data=data))


def key():
    return os.urandom(16).hex()


def report(house, **fields):
    values = dict(key=key(), region=REGION, text="沟边有人倒建渣", written_at_us=1_790_000_000_000_000 - 60_000_000)
    values.update(fields)
    return ask_intake(house, pb().SubmitReport(**values))


def refused(house, question):
    with pytest.raises(wire.Refused) as caught:
        ask_intake(house, question)
    return caught.value.refusal


def test_a_photo_is_kept_by_its_hash_and_shown_anew(module_house, intake, db):
    photo = png(900, 600)
    stored = store(module_house, photo)
    assert (stored.attachment, stored.type, stored.width, stored.height) == (hashlib.sha256(photo).hexdigest(), "image/png", 900, 600)
    assert store(module_house, photo).attachment == stored.attachment
    shown = db.rows("SELECT kind, width, height, data FROM intake.rendition WHERE hash = %s ORDER BY kind", bytes.fromhex(stored.attachment))
    assert [(row[0], row[1], row[2]) for row in shown] == [("display", 900, 600), ("thumbnail", 240, 160)]
    assert all(bytes(row[3]).startswith(b"\xff\xd8\xff") for row in shown)


def test_a_report_becomes_a_complaint_with_its_photos(module_house, intake, db):
    photos = [store(module_house, png(50 + n, 50)).attachment for n in range(2)]
    position = wire.proto("intake").Position(longitude=103.67, latitude=30.61)
    answer = report(module_house, attachment=photos, position=position, address="隆兴镇黎坝村3组", domain_hint="eco_env")
    row = db.row(
        "SELECT f.name, c.external_id, c.content, c.photo_count, c.longitude, c.anonymous, c.source_channel FROM intake.complaint c"
        " JOIN intake.feed f ON f.number = c.feed WHERE c.id = %s", answer.complaint)
    assert row == ("photo-report", answer.receipt, "沟边有人倒建渣", 2, 103.67, True, "随手拍")
    kept = db.rows("SELECT encode(hash, 'hex') FROM intake.complaint_attachment WHERE complaint = %s ORDER BY ordinal", answer.complaint)
    assert [row[0] for row in kept] == photos
    state = ask_intake(module_house, pb().DescribeReport(region=REGION, receipt=answer.receipt.lower().replace("-", "")))
    assert (state.stage, state.text, state.photos, state.outcome) == ("received", "沟边有人倒建渣", 2, "")


def test_the_same_report_sent_again_is_one(module_house, intake, db):
    same = key()
    first, second = report(module_house, key=same), report(module_house, key=same)
    assert first == second
    assert db.value("SELECT count(*) FROM intake.complaint WHERE external_id = %s", first.receipt) == 1


def test_what_an_observer_reports_is_found_again_by_them_alone(module_house, intake):
    first = report(module_house, role="observer", person="P-510184-031", text="第一件")
    second = report(module_house, role="observer", person="P-510184-031", text="第二件")
    report(module_house, role="liaison", person="P-510184-032")
    listed = ask_intake(module_house, pb().ListReports(region=REGION, person="P-510184-031")).reports
    assert [r.receipt for r in listed] == [second.receipt, first.receipt]
    page = ask_intake(module_house, pb().ListReports(region=REGION, person="P-510184-031", before=listed[0].complaint)).reports
    assert [r.text for r in page] == ["第一件"]


def test_the_state_of_a_report_is_its_clues(module_house, intake, db):
    def stage(answer):
        state = ask_intake(module_house, pb().DescribeReport(region=REGION, receipt=answer.receipt))
        return state.stage, state.outcome

    open_one, secret = report(module_house), report(module_house, reporter=wire.proto("intake").Reporter(confidential=True))
    for number, answer in ((1, open_one), (2, secret)):
        db.run("INSERT INTO scoring.finding (region, complaint, clue, revision, finding, matter) VALUES (%s, %s, %s, 0, '', '')",
                   REGION, answer.complaint, number)
    assert stage(open_one) == ("screened", "")
    for number in (1, 2):
        db.run(
            "INSERT INTO assignment.assignment (region, id, clue, state, organ, station, prosecutor, consult, branch, domain, stars, town,"
            " village, urgent, mediation, look_on_spot, revision, trace) VALUES (%s, %s, %s, 'accepted', 'o', '', 'p', '', 'b', 'd', 4, 0, 0,"
            " false, false, false, 1, '')", REGION, number, number)
    assert stage(open_one) == ("accepted", "")
    assert stage(secret) == ("screened", "")
    db.run("UPDATE assignment.assignment SET state = 'closed', ended_at = now() WHERE region = %s", REGION)
    db.run("INSERT INTO assignment.outcome (region, assignment, clue, outcome, note, actor) VALUES (%s, 1, 1, 'filed', '', 'p')", REGION)
    db.run(
        "INSERT INTO assignment.clue_state (region, clue, revision, index, stars, kind, branch, domain, town, village, place, mediation, urgent,"
        " confidential, look_on_spot, complaints, merged_into, feed, report_region, agencies, subject, settled_by)"
        " VALUES (%s, 1, 1, 60, 4, '', '', '', 0, 0, '', false, false, false, false, 1, 0, '', 0, '', '', 1)", REGION)
    assert stage(open_one) == ("closed", "filed")


def test_receipts_cannot_be_tried(module_house, intake):
    assert refused(module_house, pb().DescribeReport(region=REGION, receipt="0000-0000-0000-0000")).code == REFUSAL.NOT_FOUND
    assert refused(module_house, pb().DescribeReport(region=REGION, receipt="' OR 1=1")).code == REFUSAL.INVALID


NO_PHOTOS = {
    "text": b"hello",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "html in a GIF": b"GIF89a/*<script>alert(1)</script>*/",
    "cut": png(100, 100)[:60],
    "bomb": png(30000, 30000, rows=b"\0" * 1000),
    "noise": b"\xff\xd8\xff\xe0" + os.urandom(5000),
}


@pytest.mark.parametrize("name", NO_PHOTOS)
def test_what_is_no_photo_is_refused(module_house, intake, db, name):
    data = NO_PHOTOS[name]
    before = db.value("SELECT count(*) FROM intake.attachment")
    refusal = refused(module_house, pb().StoreAttachment(region=REGION, data=data))
    assert (refusal.code, refusal.field) == (REFUSAL.INVALID, "data"), name
    assert refusal.remedy
    assert db.value("SELECT count(*) FROM intake.attachment") == before


def test_what_hides_in_a_photo_is_not_shown(module_house, intake, db):
    polyglot = png(40, 40) + b"<script>alert(1)</script>PK\x03\x04"
    stored = store(module_house, polyglot)
    shown = db.rows("SELECT data FROM intake.rendition WHERE hash = %s", bytes.fromhex(stored.attachment))
    assert len(shown) == 2 and all(b"script" not in bytes(row[0]) and b"PK" not in bytes(row[0]) for row in shown)


def test_a_photo_of_more_than_ten_megabytes_is_refused(module_house, intake):
    assert refused(module_house, pb().StoreAttachment(region=REGION, data=os.urandom(10_000_001))).code == REFUSAL.TOO_LARGE


@pytest.mark.parametrize("fields, field", [
    (dict(key="short"), "key"),
    (dict(role="mayor"), "role"),
    (dict(role="observer"), "person"),
    (dict(text=""), "text"),
    (dict(attachment=["zz"]), "attachment"),
    (dict(attachment=["00" * 32]), "attachment"),
    (dict(attachment=["00" * 32] * 7), "attachment"),
    (dict(region=999999), "region"),
    (dict(domain_hint="x" * 65), "domain_hint"),
    (dict(text="字" * 4001), "text"),
])
def test_a_report_that_cannot_be_taken_says_why(module_house, intake, fields, field):
    values = dict(key=key(), region=REGION, text="沟边有人倒建渣")
    values.update(fields)
    assert refused(module_house, pb().SubmitReport(**values)).field == field


def test_photos_that_no_report_names_are_forgotten(module_house, intake, db):
    lone, kept = store(module_house, png(31, 31)).attachment, store(module_house, png(32, 32)).attachment
    report(module_house, attachment=[kept])
    db.run("UPDATE intake.attachment SET stored_at = now() - interval '3 days'")
    other = module_house.start("intake", door="", http="", forget_every="1s")
    there = "SELECT count(*) FROM intake.attachment WHERE hash = %s"
    wait_until(lambda: db.value(there, bytes.fromhex(lone)) == 0, what="the lone photo forgotten")
    assert db.value(there, bytes.fromhex(kept)) == 1
    assert db.value("SELECT count(*) FROM intake.rendition WHERE hash = %s", bytes.fromhex(lone)) == 0
    assert other is not None
