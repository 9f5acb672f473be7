"""Mapping profiles that administrators change: kept as history, refused with the line, taken up by every instance."""

import hashlib

import pytest
from intake_tools import ask_intake, define_feed, pb
from test_intake_import import STAGE, counts, describe, import_file, to_csv, upload
from wjzlib import wire
from wjzlib.wait import wait_until

REFUSAL = wire.proto("envelope").Refusal
DOCUMENT = "title: 乡镇台账\nrecord: complaint\nrequired: [external_id, content]\ncolumns:\n  external_id: [编码]\n  content: [情况说明]\n"


@pytest.fixture(scope="module")
def intake(module_house):
    return module_house.start("intake", door="", http="")


def store(house, name, document=DOCUMENT, revision=0, reason="新平台的表头", actor="P-1"):
    return ask_intake(house, pb().StoreProfile(name=name, document=document, expected_revision=revision, actor=actor, reason=reason))


def refused(house, *profile, **more):
    with pytest.raises(wire.Refused) as caught:
        store(house, *profile, **more)
    return caught.value.refusal


def test_a_change_is_kept_beside_what_was(module_house, intake):
    assert store(module_house, "ledger").revision == 1
    assert store(module_house, "ledger", DOCUMENT.replace("编码", "编码, 流水号"), 1, "另一年的表头", "P-2").revision == 2
    rows = module_house.database.rows("SELECT revision, changed_by, reason FROM intake.profile_change WHERE name = 'ledger' ORDER BY number")
    assert rows == [(1, "P-1", "新平台的表头"), (2, "P-2", "另一年的表头")]


def test_of_two_who_change_one_only_the_first_does(module_house, intake):
    store(module_house, "contested")
    stale = refused(module_house, "contested", DOCUMENT.replace("台账", "别的"))
    assert (stale.code, stale.field) == (REFUSAL.CONFLICT, "expected_revision") and stale.remedy
    assert refused(module_house, "contested", revision=2).code == REFUSAL.CONFLICT
    assert module_house.database.value("SELECT count(*) FROM intake.profile_change WHERE name = 'contested'") == 1


@pytest.mark.parametrize(
    "document, said",
    [
        (DOCUMENT.replace("content: [", "contents: ["), 'broken:6: "contents"'),
        (DOCUMENT + "ignored: x\n", "broken:7:"),
        (DOCUMENT.replace("content: [情况说明]", "title: [情况说明]"), '"content" is required and has no column'),
        (DOCUMENT + "extends: broken\n", "extend each other"),
        (DOCUMENT + "extends: nowhere\n", "nowhere"),
        ("just a text", "is no map"),
        ("a: [", "broken:"),
    ],
)
def test_what_is_no_profile_is_refused_with_its_line(module_house, intake, document, said):
    refusal = refused(module_house, "broken", document)
    assert (refusal.code, refusal.field) == (REFUSAL.INVALID, "document") and said in refusal.message and refusal.remedy
    assert module_house.database.value("SELECT count(*) FROM intake.profile_change WHERE name = 'broken'") == 0


@pytest.mark.parametrize(
    "field, values", [("name", {"name": "../etc"}), ("document", {"document": ""}), ("document", {"document": "x" * 65536}), ("actor", {"actor": ""}), ("reason", {"reason": ""})]
)
def test_fields_that_cannot_be(module_house, intake, field, values):
    refusal = refused(module_house, **{"name": "fields", **values})
    assert (refusal.code, refusal.field) == (REFUSAL.INVALID, field)


def test_a_profile_that_feeds_build_on_stays_one(module_house, intake):
    store(module_house, "ground")
    store(module_house, "upper", "title: 上层\nrecord: complaint\nextends: ground\n")
    define_feed(module_house, "built-on", profile="upper")
    refusal = refused(module_house, "ground", DOCUMENT.replace("complaint", "feedback").replace("content", "note"), 1)
    assert (refusal.code, refusal.field) == (REFUSAL.INVALID, "document") and 'feed "built-on"' in refusal.message


def test_an_edit_stands_over_the_file_from_the_next_import_on(module_house, intake):
    define_feed(module_house, "edited", profile="government-mailbox")
    data = to_csv(["编码", "情况说明"], ["L-1", "路灯不亮三天了"], ["", "没有编码"])
    first = import_file(module_house, "edited", data, dry_run=True)
    assert first.stage == STAGE.FAILED and "no row with the columns" in first.error
    store(module_house, "government-mailbox", DOCUMENT)
    again = import_file(module_house, "edited", data, dry_run=True)
    assert (again.stage, counts(again), again.profile) == (STAGE.FINISHED, (1, 0, 0, 1), "government-mailbox")


def test_a_file_that_was_read_can_be_read_by_a_changed_profile(module_house, intake):
    """What was tried is tried anew once a profile has changed; without a change the same file is not read twice."""
    store(module_house, "retried")
    define_feed(module_house, "retried", profile="retried")
    data = to_csv(["编码", "情况说明", "村"], ["L-1", "井盖丢失无人管", "小罗村"])
    assert counts(import_file(module_house, "retried", data)) == (1, 0, 0, 0)
    assert upload(module_house, "retried", data).finished
    store(module_house, "retried", DOCUMENT + "  village: [村]\n", 1)
    begun = upload(module_house, "retried", data)
    assert not begun.finished
    wait_until(lambda: describe(module_house, begun).stage == STAGE.FINISHED, what="import ended")
    assert counts(describe(module_house, begun)) == (0, 0, 1, 0)
    assert module_house.database.value("SELECT village FROM intake.revision WHERE feed = (SELECT number FROM intake.feed WHERE name = 'retried')") == "小罗村"


def test_columns_can_be_passed_over_that_the_base_knows(module_house, intake):
    store(module_house, "narrow", "title: 窄\nrecord: complaint\nextends: hotline-12345\nignored: [标题]\n")
    define_feed(module_house, "narrow", profile="narrow")
    data = to_csv(["工单编号", "标题", "内容"], ["N-1", "不取的标题", "有人倾倒垃圾"])
    assert counts(import_file(module_house, "narrow", data)) == (1, 0, 0, 0)
    assert module_house.database.value("SELECT title FROM intake.complaint WHERE external_id = 'N-1'") == ""


def test_another_instance_takes_it_up_and_an_import_keeps_what_it_began_with(house):
    first = house.start("intake", door="", http="")
    store(house, "shared")
    define_feed(house, "shared", profile="shared")
    first.stop()
    house.start("intake", door="", http="")
    data = to_csv(["编码", "情况说明"], ["S-1", "垃圾成堆"])
    assert counts(import_file(house, "shared", data)) == (1, 0, 0, 0)
    pinned = house.database.value("SELECT profiles_at FROM intake.import")
    assert pinned == house.database.value("SELECT max(number) FROM intake.profile_change")
    # As after a restart in its midst: begun before the change, it is read on by the profile of then.
    store(house, "shared", DOCUMENT.replace("编码", "编号"), 1)
    held = upload_held(house, "shared", to_csv(["编码", "情况说明"], ["S-3", "垃圾成堆三处"]), pinned)
    wait_until(lambda: describe(house, held).stage in (STAGE.FINISHED, STAGE.FAILED), what="import ended")
    assert counts(describe(house, held)) == (1, 0, 0, 0)


def upload_held(house, feed, data, pinned):
    """An import that had begun when the pinned change was the newest, and goes on now."""
    begun = ask_intake(house, pb().BeginImport(feed=feed, file_name="f.csv", size=len(data), sha256=hashlib.sha256(data).digest(), actor="t"))
    number = getattr(begun, "import")
    house.database.run("UPDATE intake.import SET profiles_at = %s WHERE id = %s", pinned, number)
    ask_intake(house, pb().ImportChunk(**{"import": number, "offset": 0, "data": data}))
    return begun
