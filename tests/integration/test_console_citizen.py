"""The citizen's interface, through the real services: without a login, every answer held against the document."""

import datetime
import os

import pytest
from console_tools import Browser, Console, start_county
from intake_tools import png

from wjzlib.wait import PATIENCE, civil_today, wait_until


@pytest.fixture(scope="module")
def world(module_house):
    house = module_house
    start_county(house)
    return Console(house, console_citizen_rate=100000).make_accounts()


@pytest.fixture
def citizen(world):
    return Browser(world.base)


def key():
    return os.urandom(16).hex()


def report(**fields):
    values = dict(key=key(), text="河边有人倾倒建筑垃圾，反映过两次没有人管", attachments=[], notice_version="2026-11-26",
                  written_at="2026-11-20T09:00:00+08:00")
    values.update(fields)
    return values


def store(browser, photo):
    answer = browser.ask("storePhoto", data=photo, headers={"Content-Type": "image/png"})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_the_page_begins_with_what_it_needs(citizen):
    start = citizen.get("startCitizen")
    assert start["region"] == 510184 and start["county"]
    assert start["notice"]["title"] == "个人信息处理告知" and start["notice"]["paragraphs"]
    assert citizen.get("startCitizen", locale="en")["notice"]["title"] == "Privacy notice"
    assert {"id": "eco_env", "zh": "生态环境和资源保护"}.items() <= next(d for d in start["domains"] if d["id"] == "eco_env").items()
    assert len(start["stations"]) == 6 and any(station["place"] for station in start["stations"])


def test_a_photo_report_is_followed_to_its_assignment(world, citizen):
    photo = store(citizen, png(640, 480))
    assert (photo["type"], photo["width"], photo["position"]) == ("image/png", 640, None)
    words = dict(attachments=[photo["attachment"]], address="隆兴镇黎坝村3组", position={"longitude": 103.67, "latitude": 30.61},
                 domain="eco_env", name="王某", phone="13800000000",
                 text="隆兴镇黎坝村3组的蓉兴化工厂夜间向河道偷排有毒废水一年多，上百户村民饮水受影响，多次向生态环境局反映，"
                      "答复已整改，至今仍在偷排")
    receipt = citizen.do("submitReport", report(**words), status=201)["receipt"]
    state = wait_until(lambda: (s := citizen.do("readReportState", {"receipt": receipt.lower()}))["stage"] == "assigned" and s, what="assigned")
    assert state["photos"] == 1 and state["address"] == "隆兴镇黎坝村3组" and state["outcome"] is None
    db = world.house.database
    assert db.value("SELECT reporter_cipher IS NOT NULL FROM intake.complaint WHERE external_id = %s", receipt)
    assert db.value("SELECT count(*) FROM intake.complaint_attachment") == 1


def test_the_same_report_sent_again_has_the_same_receipt(citizen):
    same = report()
    assert citizen.do("submitReport", same, status=201) == citizen.do("submitReport", same, status=201)


def test_a_liaison_finds_what_they_reported(world, citizen):
    liaison = world["liaison"]
    receipt = liaison.do("submitReport", report(text="联络员：沟渠被填埋"), status=201)["receipt"]
    assert [row["receipt"] for row in liaison.get("listOwnReports")["items"]] == [receipt]
    assert world["staff"].get("listOwnReports")["items"] == []
    assert citizen.ask("listOwnReports").status_code == 401
    assert world["prosecutor"].ask("listOwnReports").status_code == 403


def test_another_sites_request_is_nobodys(world):
    """A session's cookie alone, without the page's token, makes nobody the reporter."""
    stranger = world.fresh("liaison")
    before = len(world["liaison"].get("listOwnReports")["items"])
    stranger.csrf = ""
    stranger.do("submitReport", report(text="伪造的上报"), status=201)
    assert len(world["liaison"].get("listOwnReports")["items"]) == before
    answer = stranger.ask("submitReport", report(), headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_an_appointment_is_booked_once_and_cancelled_by_its_token(world, citizen):
    today = civil_today()
    days = {"from_": str(today), "to": str(today + datetime.timedelta(days=13))}
    stations = [station["code"] for station in citizen.get("startCitizen")["stations"]]
    def first_slot():
        found = [slot for station in stations for slot in citizen.get("listCitizenSlots", station=station, **days)["items"]]
        return found[0] if found else None

    slot = wait_until(first_slot, what="a free hour")
    assert set(slot) == {"shift", "starts_at", "ends_at"}  # nothing of who is on duty
    wanted = dict(key=key(), shift=slot["shift"], starts_at=slot["starts_at"], minutes=30, name="李某", phone="13900000000", topic="占道堆放")
    made = citizen.do("bookAsCitizen", wanted, status=201)
    assert citizen.do("bookAsCitizen", wanted, status=201)["appointment"] == made["appointment"]
    assert citizen.ask("bookAsCitizen", {**wanted, "key": key()}).status_code == 409
    wrong = {"appointment": made["appointment"], "token": "0" * 32}
    assert citizen.ask("cancelAsCitizen", wrong).status_code in (403, 404)
    assert citizen.do("cancelAsCitizen", {"appointment": made["appointment"], "token": made["token"]})["state"] == "cancelled"


@pytest.mark.parametrize("operation, body, status", [
    ("submitReport", report(text="", attachments=[]), 422),
    ("submitReport", report(key="short"), 422),
    ("submitReport", report(attachments=["../../etc/passwd"]), 422),
    ("submitReport", report(attachments=["0" * 64]), 404),
    ("submitReport", report(written_at="yesterday"), 422),
    ("submitReport", {**report(), "role": "grid"}, 422),
    ("submitReport", report(text="'; DROP TABLE intake.complaint; --<script>alert(1)</script>"), 201),
    ("readReportState", {"receipt": "0000-0000-0000-0000"}, 404),
    ("readReportState", {"receipt": "%' OR '1'='1' -- -"}, 422),
])
def test_what_cannot_be_taken_is_refused(citizen, operation, body, status):
    answer = citizen.ask(operation, body)
    assert answer.status_code == status, answer.text
    if status == 422:
        assert answer.json()["detail"]


def test_what_is_no_photo_is_refused(citizen):
    for data in (b"", b"<svg onload=alert(1)>", png(60, 60)[:50]):
        answer = citizen.ask("storePhoto", data=data, headers={"Content-Type": "image/png"})
        assert answer.status_code in (413, 422), answer.text
    # Refused before it is anybody's request.
    answer = citizen.http.post(f"{citizen.base}/api/v1/citizen/photos", data=os.urandom(10_000_001), timeout=PATIENCE)
    assert answer.status_code == 413 and answer.json()["code"]


def test_a_flood_of_one_address_is_told_to_wait(world):
    narrow = Console(world.house, console_citizen_rate=5)
    browser = Browser(narrow.base)
    answers = [browser.ask("submitReport", report()) for _ in range(8)]
    assert [answer.status_code for answer in answers] == [201] * 5 + [429] * 3
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert Browser(world.base).ask("submitReport", report()).status_code == 201  # the other console counts for itself


def test_logs_have_no_receipt_and_no_word_of_a_report(world, citizen):
    receipt = citizen.do("submitReport", report(text="泄密检查的文字", name="赵某", phone="13700000001"), status=201)["receipt"]
    citizen.do("readReportState", {"receipt": receipt})
    for service in world.house.processes:
        text = service.text()
        assert receipt not in text and "泄密检查" not in text and "13700000001" not in text
