"""The HTTP door: JSON and NDJSON with a key per feed, receipts per item, limits that are told."""

import json
import re

import pytest
import requests
from intake_tools import REGION, ask_intake, define_feed, emitted, feed_name, pb, wait_until
from wjzlib import wire
from wjzlib.wait import PATIENCE


KEPT = "SELECT q.receipt FROM intake.idempotent_request q JOIN intake.feed f ON f.number = q.feed WHERE f.name = %s"


@pytest.fixture(scope="module")
def intake(module_house):
    return module_house.start("intake", door="", http="127.0.0.1:0", http_body_limit="1M", http_items=500)


@pytest.fixture(scope="module")
def address(intake):
    found = re.search(r'event="http door open" port=(\d+)', intake.text())
    return f"http://127.0.0.1:{found.group(1)}"


class Feed:
    def __init__(self, house, address, name, **fields):
        self.key = define_feed(house, name, **fields).bearer_key
        self.name, self.url = name, f"{address}/v1/feeds/{name}"

    def push(self, body, kind="complaints", type="application/json", key=None, **headers):
        data = body if isinstance(body, (str, bytes)) else json.dumps(body, ensure_ascii=False)
        data = data.encode() if isinstance(data, str) else data
        headers = {"Authorization": f"Bearer {key or self.key}", "Content-Type": type, **headers}
        return requests.post(f"{self.url}/{kind}", data=data, headers=headers, timeout=PATIENCE)


@pytest.fixture
def feed(module_house, address, request):
    return Feed(module_house, address, feed_name("h", request))


@pytest.fixture
def db(module_house):
    return module_house.database


def complaint(number, **fields):
    return {"external_id": f"GD{number}", "title": f"第{number}号", "content": "有人倾倒垃圾", "received_at": "2026-03-05T09:07:00+08:00", **fields}


def outcomes(answer):
    assert answer.status_code == 200, answer.text
    return [item["outcome"] for item in answer.json()["items"]]


def test_one_object(feed, db):
    answer = feed.push(complaint(1, reporter={"name": "张三", "phone": "13800001111"}, position={"longitude": 103.67, "latitude": 30.63}, categories=["城市管理", "市容环卫"], satisfaction="dissatisfied"))
    assert outcomes(answer) == ["accepted"] and answer.json()["accepted"] == 1
    id = int(answer.json()["items"][0]["id"])
    row = db.row(
        "SELECT title, longitude, categories, satisfaction, extract(epoch FROM received_at)::int8, reporter_hash <> 0"
        " FROM intake.complaint_for_scoring WHERE region = %s AND id = %s",
        REGION,
        id,
    )
    assert row == ("第1号", 103.67, ["城市管理", "市容环卫"], 4, 1772672820, True)
    assert id in emitted(db, "ComplaintsAccepted")


def test_a_list_and_the_same_again(feed):
    items = [complaint(n) for n in range(300)]
    assert outcomes(feed.push(items)) == ["accepted"] * 300
    items[7]["title"] = "改了"
    assert outcomes(feed.push(items)) == ["duplicate"] * 7 + ["revised"] + ["duplicate"] * 292


def test_lines(feed):
    body = "\n".join([json.dumps(complaint(1)), "", "{not json", json.dumps(complaint(2)), "[1]", '{"external_id":"x","titel":"y"}'])
    answer = feed.push(body, type="application/x-ndjson")
    assert outcomes(answer) == ["accepted", "rejected", "accepted", "rejected", "rejected"]
    assert [item.get("code") for item in answer.json()["items"]] == [None, "malformed", None, "invalid", "unknown_field"]
    assert answer.json()["items"][4]["field"] == "titel"


def test_records_and_feedback(feed, db):
    record = {"document_no": "崇罚1号", "subject_name": "某厂", "fine": 15000.5, "decided_on": "2026-01-05", "rectified": "no"}
    assert outcomes(feed.push(record, kind="enforcement-records")) == ["accepted"]
    assert db.row("SELECT fine_fen, decided_on::text, rectified FROM intake.enforcement_for_scoring WHERE feed = %s", feed.name) == (1500050, "2026-01-05", 2)
    feed.push(complaint(1))
    said = {"complaint_external_id": "GD1", "satisfaction": "very_dissatisfied", "at": "2026-03-06T00:00:00Z"}
    assert outcomes(feed.push(said, kind="feedback")) == ["accepted"]
    assert db.value("SELECT satisfaction FROM intake.complaint_for_scoring WHERE feed = %s", feed.name) == 5


@pytest.mark.parametrize(
    "fields, code, field, value",
    [
        ({"received_at": "2026-03-05 09:07"}, "invalid", "received_at", "2026-03-05 09:07"),
        ({"received_at": 5}, "invalid", "received_at", "5"),
        ({"received_at": "1066-03-05T09:07:00Z"}, "invalid", "received_at", "1066-03-05T17:07:00+08:00"),
        ({"received_at": [5]}, "invalid", "received_at", None),
        ({"satisfaction": "great"}, "invalid", "satisfaction", "great"),
        ({"satisfaction": "x" * 500}, "invalid", "satisfaction", "x" * 120 + "…"),
        ({"title": 5}, "invalid", "title", None),
        ({"title": "a\u0000b"}, "not_utf8", "title", None),
        ({"external_id": ""}, "missing", "external_id", None),
        ({"external_id": None}, "missing", "external_id", None),
        ({"categories": "a"}, "invalid", "categories", "a"),
        ({"categories": ["x"] * 9}, "too_long", "categories", None),
        ({"urge_count": -1}, "invalid", "urge_count", "-1"),
        ({"urge_count": 1.5}, "invalid", "urge_count", "1.5"),
        ({"urge_count": True}, "invalid", "urge_count", "true"),
        ({"urge_count": 1000001}, "invalid", "urge_count", "1000001"),
        ({"status": "在办"}, "invalid", "status", "在办"),
        ({"reporter": {"nmae": "x"}}, "unknown_field", "nmae", None),
        ({"reporter": {"phone": 13800001111}}, "invalid", "reporter_phone", None),
        ({"reporter": "x"}, "unknown_field", "reporter", None),
        ({"position": {"longitude": 2.35, "latitude": 48.85}}, "invalid", "position", "2.35, 48.85"),
        ({"region": 123456}, "unknown_region", "region", "123456"),
        ({"content": "x" * 200001}, "too_long", "content", None),
    ],
)
def test_what_is_wrong_with_an_item(feed, db, fields, code, field, value):
    """Row, field, value and remedy; a value that may be a person's is not told, and none is kept in the receipt."""
    answer = feed.push([complaint(1, **fields), complaint(2)])
    assert outcomes(answer) == ["rejected", "accepted"]
    told = answer.json()["items"][0]
    assert (told["code"], told["field"], told.get("value")) == (code, field, value) and told["remedy"] and told["message"]
    kept = wire.proto("intake").FeedReceipt.FromString(bytes(db.value(KEPT, feed.name)))
    assert kept.items[0].code == code and kept.items[0].value == ""
    assert told["external_id"] == ("" if field == "external_id" else "GD1"), "a platform finds its item again"


def problem(answer, status, code):
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json()["code"] == code and answer.json()["remedy"]


def test_keys(module_house, address, feed):
    other = Feed(module_house, address, "other-feed")
    problem(feed.push(complaint(1), key="wjz_wrong"), 401, "unauthorized")
    problem(requests.post(f"{feed.url}/complaints", json=complaint(1), timeout=PATIENCE), 401, "unauthorized")
    problem(feed.push(complaint(1), key=other.key), 403, "forbidden")
    old = feed.key
    new = define_feed(module_house, feed.name).bearer_key
    assert new != old
    problem(feed.push(complaint(1), key=old), 401, "unauthorized")
    assert outcomes(feed.push(complaint(1), key=new)) == ["accepted"]
    define_feed(module_house, feed.name, disabled=True, new_bearer_key=False)
    problem(feed.push(complaint(1), key=new), 403, "forbidden")


def test_hostile_bodies(feed):
    problem(feed.push("[" * 100000), 400, "malformed")
    problem(feed.push('{"a":' * 5000 + "1" + "}" * 5000), 400, "malformed")
    problem(feed.push('{"external_id": "a", "external_id": "b"}'), 400, "malformed")
    problem(feed.push(b'{"external_id": "\xff\xfe"}'), 400, "malformed")
    problem(feed.push(""), 400, "malformed")
    problem(feed.push([complaint(n) for n in range(501)]), 413, "too_many_items")
    problem(feed.push("<xml/>", type="application/xml"), 415, "unsupported_media_type")
    assert feed.push("x" * (2 << 20)).status_code == 413
    assert outcomes(feed.push("\n" * 1000 + json.dumps(complaint(1)), type="application/x-ndjson")) == ["accepted"]


def test_an_idempotency_key_gives_the_first_receipt_again(feed):
    first = feed.push([complaint(1), complaint(2, external_id="")], **{"Idempotency-Key": "a-1"})
    again = feed.push([complaint(1), complaint(2, external_id="")], **{"Idempotency-Key": "a-1"})
    assert outcomes(first) == ["accepted", "rejected"] and again.json() == first.json()
    problem(feed.push(complaint(3), **{"Idempotency-Key": "a-1"}), 422, "key_reused")
    problem(feed.push(complaint(3), **{"Idempotency-Key": "x" * 201}), 400, "invalid")
    assert outcomes(feed.push(complaint(3), **{"Idempotency-Key": "a-2"})) == ["accepted"]


def test_every_push_leaves_its_receipt(feed, db):
    feed.push([complaint(1)], **{"Idempotency-Key": "a-1"})
    feed.push([complaint(1)], **{"Idempotency-Key": "a-1"})
    for _ in range(2):
        feed.push([complaint(1), complaint(2, external_id="")])
    problem(feed.push(complaint(3), **{"Idempotency-Key": "a 1"}), 400, "invalid")  # that is how those without one are told apart
    rows = db.rows(
        "SELECT q.key, q.receipt FROM intake.idempotent_request q JOIN intake.feed f ON f.number = q.feed AND f.region = q.region"
        " WHERE f.name = %s ORDER BY q.number",
        feed.name,
    )
    assert [key if key == "a-1" else key[0] for key, _ in rows] == ["a-1", " ", " "]
    kept = [[item.outcome for item in wire.proto("intake").FeedReceipt.FromString(bytes(receipt)).items] for _, receipt in rows]
    assert kept == [[1], [2, 4], [2, 4]]


def test_a_feed_over_its_rate(module_house, address):
    slow = Feed(module_house, address, "slow-http", rate_per_second=1)
    assert outcomes(slow.push([complaint(n) for n in range(400)])) == ["accepted"] * 400  # minutes of its rate: it is over it for as long
    answer = slow.push([complaint(n) for n in range(10)])
    problem(answer, 429, "too_many")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_status_of_a_feed(feed):
    feed.push([complaint(1), complaint(2, external_id="")])
    answer = requests.get(f"{feed.url}/status", headers={"Authorization": f"Bearer {feed.key}"}, timeout=PATIENCE).json()
    assert (answer["accepted"], answer["rejected"], answer["missing"]) == (1, 1, [])
    assert answer["newest_report_at"].startswith("2026-03-05T09:07:00") and answer["last_push_at"]


def test_errors_of_an_import_as_a_file(module_house, feed):
    import hashlib

    data = "工单编号,内容,受理时间\n=1+1,好,=cmd()\n,没有编号,2026-03-05\n".encode()
    begun = ask_intake(module_house, pb().BeginImport(feed=feed.name, file_name="a.csv", size=len(data), sha256=hashlib.sha256(data).digest(), actor="t"))
    number = getattr(begun, "import")
    ask_intake(module_house, pb().ImportChunk(**{"import": number, "offset": 0, "data": data}))
    wait_until(lambda: ask_intake(module_house, pb().DescribeImport(**{"import": number})).stage == pb().ImportState.FINISHED, what="imported")
    headers = {"Authorization": f"Bearer {feed.key}"}
    answer = requests.get(f"{feed.url}/imports/{number}/errors", headers=headers, timeout=PATIENCE)
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "sheet,row,column,value,code,message,remedy,row_was"
    assert lines[1].startswith('1,2,"受理时间","\'=cmd()","unreadable"') and lines[1].endswith('"taken"')
    assert lines[2].startswith('1,3,"工单编号","","missing"') and lines[2].endswith('"rejected"')
    assert requests.get(f"{feed.url}/imports/{number + 1}/errors", headers=headers, timeout=PATIENCE).status_code == 404


def test_the_description_of_the_door(address):
    document = requests.get(f"{address}/openapi.json", timeout=PATIENCE).json()
    assert document["openapi"].startswith("3.1") and "/v1/feeds/{feed}/complaints" in document["paths"]
    assert requests.get(f"{address}/nothing", timeout=PATIENCE).status_code == 404


def test_no_text_and_no_key_in_the_log(intake, feed):
    feed.push(complaint(1, content="这是不该进日志的内容", reporter={"name": "张不见", "phone": "13812345678"}))
    feed.push(complaint(1, content="这是不该进日志的内容", received_at="x"))
    log = intake.text()
    assert "不该进日志" not in log and "张不见" not in log and "13812345678" not in log and feed.key not in log


@pytest.mark.expect_log("database")
def test_nothing_is_acknowledged_while_the_store_is_away(house, cluster):
    intake = house.start("intake", door="", http="127.0.0.1:0")
    port = re.search(r'event="http door open" port=(\d+)', intake.text()).group(1)
    feed = Feed(house, f"http://127.0.0.1:{port}", "away-feed")
    assert outcomes(feed.push(complaint(1))) == ["accepted"]
    cluster.stop()
    try:
        wait_until(lambda: feed.push(complaint(2)).status_code == 503, what="told to wait")
        answer = feed.push(complaint(2))
        problem(answer, 503, "retry_later")
        assert int(answer.headers["Retry-After"]) >= 1
    finally:
        cluster.start()
    wait_until(lambda: feed.push(complaint(2)).status_code == 200, what="taken again")
    with house.database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM intake.complaint")
        assert cursor.fetchone() == (2,)
    connection.close()
