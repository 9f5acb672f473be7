"""Hostile requests at the HTTP doors: the push, Open311, links to acknowledge, the administration address."""

import base64
import contextlib
import json
import re
import socket
import threading
import time
import uuid
import xml.etree.ElementTree as ElementTree

import pytest
import requests
from hostile_tools import Bystander, Counted, grew_little, open_files, resident, stored
from intake_tools import define_feed
from wjzlib.installation import free_port
from wjzlib.wait import PATIENCE, wait_until


@pytest.fixture(scope="module")
def intake(module_house):
    return module_house.start("intake", door="tcp://127.0.0.1:*", http="127.0.0.1:0", http_connections=64, http_connections_per_address=32)


@pytest.fixture(scope="module")
def port(intake):
    return int(re.search(r'event="http door open" port=(\d+)', intake.text()).group(1))


@pytest.fixture(scope="module")
def links_port():
    return free_port()


@pytest.fixture(scope="module")
def notification(module_house, links_port):
    return module_house.start("notification", notification_http=f"127.0.0.1:{links_port}")


@pytest.fixture(scope="module")
def bystander(module_house, intake):
    made = Bystander(module_house, intake)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def nobody_else_notices(bystander, feed, db):
    before = stored(db, feed.name)
    yield
    bystander.still_served()
    assert feed.push([complaint(1)]).status_code == 200  # and it goes on itself
    after = stored(db, feed.name)
    assert after["complaint"] <= before["complaint"] + feed.expected + 1


class Feed:
    def __init__(self, house, port, name):
        self.key = define_feed(house, name).bearer_key
        self.name, self.port, self.expected = name, port, 0
        self.url = f"http://127.0.0.1:{port}/v1/feeds/{name}"

    def push(self, body, type="application/json", kind="complaints", **headers):
        data = json.dumps(body).encode() if not isinstance(body, (str, bytes)) else body.encode() if isinstance(body, str) else body
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": type, **headers}
        return requests.post(f"{self.url}/{kind}", data=data, headers=headers, timeout=PATIENCE)


@pytest.fixture
def feed(module_house, intake, port):
    return Feed(module_house, port, f"p-{uuid.uuid4().hex[:12]}")


@pytest.fixture
def db(module_house):
    return module_house.database


def complaint(number, **fields):
    return {"external_id": f"X{number}", "content": "有人倾倒垃圾", **fields}


def problem(answer, status, code=None):
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["Content-Type"].startswith("application/problem+json"), answer.text[:500]
    told = answer.json()
    assert told["detail"] and told["status"] == status and (code is None or told["code"] == code), told
    return told


def talk(port, data, host="127.0.0.1"):
    """Raw bytes there, everything that comes back until the server hangs up."""
    answer = b""
    with socket.create_connection((host, port), timeout=PATIENCE) as raw:
        with contextlib.suppress(ConnectionError):
            raw.sendall(data)
        with contextlib.suppress(OSError):
            raw.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            while part := raw.recv(65536):
                answer += part
    return answer


def status(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else None


# --- bodies ---

DEEP = 2500
BAD_JSON = {
    "lists": b"[" * DEEP + b"]" * DEEP,
    "lists without end": b"[" * 100_000,
    "objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "both": b'[{"reporter":' * DEEP,
    "integer of 100,000 digits": b'{"external_id":"a","content":"b","urge_count":' + b"9" * 100_000 + b"}",
    "integer beyond 64 bits": b'{"external_id":"a","content":"b","urge_count":18446744073709551616}',
    "real beyond doubles": b'{"external_id":"a","content":"b","position":{"longitude":1e999,"latitude":1}}',
    "NaN": b'{"external_id":"a","content":"b","position":{"longitude":NaN,"latitude":1}}',
    "the same key twice": b'{"external_id":"a","external_id":"b","content":"c"}',
    "the same key twice inside": b'{"external_id":"a","content":"c","reporter":{"name":"a","name":"b"}}',
    "lone surrogate": b'{"external_id":"a","content":"\\ud800"}',
    "reversed surrogates": b'{"external_id":"a","content":"\\udc00\\ud800"}',
    "no UTF-8": b'{"external_id":"a","content":"\xff\xfe"}',
    "overlong": b'{"external_id":"a","content":"\xc0\x80"}',
    "NUL in a key": b'{"external_\\u0000id":"a"}',
    "raw NUL": b'{"external_id":"a","content":"\0"}',
    "raw line break": b'{"external_id":"a","content":"\n"}',
    "UTF-16": '{"external_id":"a"}'.encode("utf-16"),
    "cut off": b'[{"external_id":"a","content":"b"},{"ext',
    "more behind": b'{"external_id":"a","content":"b"} {"external_id":"c","content":"d"}',
    "comment": b'/* */{"external_id":"a","content":"b"}',
    "empty": b"",
    "blank": b" \n" * 1000,
    "protobuf": b"\x08\x96\x01\x12\x03abc",
    "gzip": b"\x1f\x8b\x08\x00" + b"\0" * 100,
}


@pytest.mark.parametrize("body", BAD_JSON.values(), ids=BAD_JSON)
def test_what_is_no_json_is_malformed_as_a_whole(intake, feed, db, body):
    with Counted(intake, "wjz_http_responses_total", status="4xx") as seen:
        assert problem(feed.push(body), 400, "malformed")["remedy"]
        assert seen.grown() == 1
    assert stored(db, feed.name)["complaint"] == 0


@pytest.mark.parametrize("body", BAD_JSON.values(), ids=BAD_JSON)
def test_the_same_on_a_line_refuses_the_line_alone(feed, body):
    line = body.replace(b"\n", b"\r").strip()
    feed.expected = 2
    answer = feed.push(b"\n".join([json.dumps(complaint(2)).encode(), line, json.dumps(complaint(3)).encode()]), type="application/x-ndjson")
    assert answer.status_code == 200, answer.text
    told = answer.json()["items"]
    assert (told[0]["outcome"], told[-1]["outcome"]) == ("accepted", "accepted")
    for item in told[1:-1]:
        assert item["outcome"] == "rejected" and item["code"] in ("malformed", "invalid") and item["remedy"]


def test_values_of_other_kinds_are_named(intake, feed):
    kinds = [5, -1, 1.5, True, "x", [], [[]], {}, {"a": 1}, "x" * 300_000, 10**18]
    items, fields = [], []
    for field in ("external_id", "title", "content", "received_at", "satisfaction", "urge_count", "categories", "reporter", "position", "region"):
        for value in kinds:
            items.append(complaint(len(items) + 10, **{field: value}))
            fields.append(field)
    told = feed.push(items).json()["items"]
    feed.expected = sum(item["outcome"] == "accepted" for item in told)
    rejected = sum(item["outcome"] == "rejected" for item in told)
    assert rejected > len(items) * 3 // 4 and rejected == intake.metric("wjz_intake_items_total", feed=feed.name, outcome="rejected")
    for item, field in zip(told, fields):
        if item["outcome"] == "rejected":
            assert item["field"] in (field, "a", "external_id", "content") and item["message"] and item["remedy"], item


@pytest.mark.parametrize("body", [b"[" + b"{}," * 2_500_000 + b"{}]", b"[" + b"[]," * 2_500_000 + b"[]]", b'{"categories":[' + b'"",' * 2_000_000 + b'""]}', b"{" + b",".join(b'"k%d":1' % n for n in range(600_000)) + b"}", b"[" + b"1," * 3_900_000 + b"1]"], ids=["objects", "lists", "texts", "keys", "numbers"])
def test_a_body_of_millions_of_values_costs_no_memory(intake, feed, body):
    before = resident(intake)
    problem(feed.push(body), 413, "too_many_items")
    grew_little(intake, before, 256 << 20)


def test_too_many_items(feed):
    assert "at most 2000 items" in problem(feed.push([complaint(n) for n in range(2001)]), 413, "too_many_items")["remedy"]
    problem(feed.push("\n".join(json.dumps(complaint(n)) for n in range(2001)), type="application/x-ndjson"), 413, "too_many_items")


def test_a_long_name_of_a_field_is_no_echo_chamber(feed):
    answer = feed.push([{**complaint(2), "x" * 1_000_000: 1}])
    assert answer.json()["items"][0]["code"] == "unknown_field" and len(answer.content) < 10_000


def test_other_kinds_of_content(feed):
    for type in ("text/plain", "", "application/xml", "multipart/form-data; boundary=x", "application/jsonx", "application/x-www-form-urlencoded", "\u00e4".encode().decode("latin1"), "application/octet-stream", "x" * 5000):
        assert problem(feed.push(b"{}", type=type), 415, "unsupported_media_type")["field"] == "Content-Type"


@pytest.mark.parametrize("size", [9 << 20, 20 << 20, 100 << 20])
def test_bodies_beyond_the_limit(intake, feed, size):
    before = resident(intake)
    with contextlib.suppress(requests.exceptions.ConnectionError):  # the largest is not read to its end
        problem(feed.push(b" " * size), 413, "too_large")
    grew_little(intake, before, 64 << 20)


def test_a_body_in_chunks_without_end(intake, feed):
    head = f"POST /v1/feeds/{feed.name}/complaints HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {feed.key}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    before, sent = resident(intake), 0
    with socket.create_connection(("127.0.0.1", feed.port), timeout=PATIENCE) as raw, contextlib.suppress(ConnectionError):
        raw.sendall(head.encode())
        for _ in range(100):
            raw.sendall(chunk)
            sent += 1
    assert sent < 100
    grew_little(intake, before, 64 << 20)


# --- framing, addresses, heads ---

FRAMING = {
    "two lengths": b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
    "length and chunks": b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "negative length": b"Content-Length: -5\r\n\r\n{}",
    "length with a sign": b"Content-Length: +2\r\n\r\n{}",
    "list of lengths": b"Content-Length: 2, 2\r\n\r\n{}",
    "length of 30 digits": b"Content-Length: " + b"9" * 30 + b"\r\n\r\n{}",
    "hexadecimal length": b"Content-Length: 0x2\r\n\r\n{}",
    "other encoding": b"Transfer-Encoding: gzip\r\n\r\n{}",
    "encoding hidden": b"Transfer-Encoding: xchunked\r\n\r\n{}",
    "chunk of no number": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "chunk larger than numbers": b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    "negative chunk": b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("rest", FRAMING.values(), ids=FRAMING)
def test_a_length_in_doubt_is_refused(feed, port, rest):
    head = f"POST /v1/feeds/{feed.name}/complaints HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {feed.key}\r\nContent-Type: application/json\r\n".encode()
    smuggled = b"GET /openapi.json HTTP/1.1\r\nHost: h\r\n\r\n"
    answer = talk(port, head + rest + smuggled)
    assert status(answer) in (None, 400, 413), answer[:200]
    assert b"openapi" not in answer


@pytest.mark.parametrize("data", [b"\0" * 5000, b"\xff" * 5000, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\nHost: h\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET * HTTP/1.1\r\nHost: h\r\n\r\n", b"get / http/1.1\r\nhost: h\r\n\r\n", b"X" * 70_000 + b" / HTTP/1.1\r\n\r\n", b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n", b"GET / HTTP/1.1\r\nHost: h\r\n" + b"A: b\r\n" * 20_000 + b"\r\n", b"GET / HTTP/1.1\r\nHost: h\r\n X: folded\r\n: nameless\r\nno colon\r\n\r\n", b"GET / HTTP/1.1\r\nHost: h\0h\r\n\r\n"], ids=lambda d: repr(d[:20]))
def test_heads_that_are_none(intake, notification, port, links_port, data):
    for door in (port, links_port, int(intake.admin().rsplit(":", 1)[1])):
        answer = talk(door, data)
        assert status(answer) in (None, 400, 404, 405, 413, 414, 431, 501, 505), answer[:200]
        assert b"200 OK" not in answer


@pytest.mark.parametrize("path", ["/v1/feeds/%00/complaints", "/v1/feeds/%ff%fe/complaints", "/v1/feeds/%/complaints", "/v1/feeds/%zz/complaints", "/%c0%ae%c0%ae/etc/passwd"])
def test_addresses_that_are_none(port, path):
    answer = talk(port, f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
    assert status(answer) == 400 and b'"code":"malformed"' in answer.replace(b'": "', b'":"'), answer


@pytest.mark.parametrize("name", ["..", "../../etc/passwd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "x' OR '1'='1", "x" * 5000, "%E6%95%B0", "a%0d%0aX-Evil: 1"])
def test_feeds_that_are_none(feed, port, name):
    head = f"POST /v1/feeds/{name.replace(' ', '%20')}/complaints HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {feed.key}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    answer = talk(port, head.encode())
    assert status(answer) in (403, 404) and b"X-Evil: 1" not in answer.split(b"\r\n\r\n")[0], answer


@pytest.mark.parametrize("key", ["", "Bearer", "Bearer ", "Bearer x", "Bearer " + "x" * 20_000, "Bearer ' OR 1=1 --", "Basic " + base64.b64encode(b"a:b").decode(), "Digest x", "Bearer \x7f", "Bearer é".encode().decode("latin1")])
def test_keys_that_are_none(feed, key):
    told = problem(feed.push([complaint(1)], Authorization=key), 401, "unauthorized")
    assert told["field"] == "Authorization" and told["remedy"]


def test_keys_for_repetition_that_are_none(feed):
    for key in ("x" * 201, "a b", "\x7f"):
        assert problem(feed.push([complaint(1)], **{"Idempotency-Key": key}), 400, "invalid")["field"] == "Idempotency-Key"


# --- many, and slow ---


def test_those_who_never_finish_keep_nobody_out(intake, feed):
    """More than one address may have: the rest is turned away at once, and others go on being served."""
    with contextlib.ExitStack() as stack, Counted(intake, "wjz_http_connections_refused_total", reason="address") as seen:
        crowd = [stack.enter_context(socket.create_connection(("127.0.0.1", feed.port), timeout=PATIENCE, source_address=("127.0.0.2", 0))) for _ in range(200)]
        for raw in crowd:
            with contextlib.suppress(OSError):
                raw.sendall(b"POST /v1/feeds/x/complaints HTTP/1.1\r\nHost: h\r\nX-A: ")
        wait_until(lambda: seen.grown() >= 200 - 32, what="crowd turned away")
        feed.expected = 10
        for number in range(10):
            for raw in crowd:
                with contextlib.suppress(OSError):
                    raw.sendall(b"a")
            assert feed.push([complaint(100 + number)]).status_code == 200


@pytest.mark.slow
def test_a_head_that_never_ends_is_ended(intake, port):
    with Counted(intake, "wjz_http_connections_refused_total", reason="slow") as seen, socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: h\r\nX-A: ")
        raw.settimeout(1)
        end, answer = time.monotonic() + PATIENCE, b""
        while not answer and time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                raw.sendall(b"a")
                answer = raw.recv(1000)
        assert status(answer) == 408 and seen.grown() >= 1  # others that are slow may still be open


def test_readers_that_never_read(feed, port):
    """Whoever asks again and again and takes no answer holds up nobody but himself."""
    with contextlib.ExitStack() as stack:
        for _ in range(10):
            raw = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
            raw.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                for _ in range(1000):
                    raw.send(b"GET /openapi.json HTTP/1.1\r\nHost: h\r\n\r\n" * 10)
        feed.expected = 10
        for number in range(10):
            assert feed.push([complaint(100 + number)]).status_code == 200


def test_clients_that_leave_in_the_middle(intake, feed, port):
    before = open_files(intake)
    head = f"POST /v1/feeds/{feed.name}/complaints HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {feed.key}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    for _ in range(100):
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as raw:
            raw.sendall(head.encode() + b'[{"external_id":"left"')
    feed.expected = 1
    wait_until(lambda: feed.push([complaint(100)]).status_code == 200, what="an address has room again whose connections have ended")
    wait_until(lambda: open_files(intake) <= before + 5, what="their connections closed")


# --- Open311 ---


@pytest.fixture
def open311(module_house, port):
    key = define_feed(module_house, f"o-{uuid.uuid4().hex[:12]}", profile="open311").bearer_key
    return f"http://127.0.0.1:{port}/open311/v2", key


def first_service(base):
    return requests.get(f"{base}/services.json", timeout=PATIENCE).json()[0]["service_code"]


def test_forms_that_are_none(open311):
    base, key = open311
    code = first_service(base)
    good = f"api_key={key}&service_code={code}&description=x&address_string=y"

    def post(body, type="application/x-www-form-urlencoded"):
        return requests.post(f"{base}/requests.json", data=body.encode() if isinstance(body, str) else body, headers={"Content-Type": type}, timeout=PATIENCE).status_code

    assert post(good) == 201
    for body in (good + "&x=%zz", good + "&x=%00", good + "&x=%ff", good.encode() + b"&x=\xff", "&".join(["a=b"] * 1001)):
        assert post(body) == 400, body[:200]
    assert post(good + "&description=" + "x" * (300 * 1024)) == 413
    assert post(f"api_key={key}&service_code={code}&address_string=y&description=" + "x" * 250_000) == 400
    assert post(good, type="application/json") == 415 and post(good, type="multipart/form-data; boundary=a") == 400
    assert post(good + "&lat=1&long=") == 400 and post(good + "&lat=nan&long=inf") == 400 and post(good + "&lat=1e999&long=0x10") == 400
    assert post(good.replace(code, "' OR 1=1")) == 404 and post(good.replace(key, "x" * 10_000)) == 403


def test_questions_that_are_none(open311):
    base, key = open311
    for query, expected in {
        "service_request_id=' OR 1=1 --": (200, 404, 400),
        "service_request_id=" + ",".join(["9" * 40] * 500): (200, 404),
        "start_date=x": (400,),
        "start_date=0001-01-01T00:00:00Z": (400, 200),
        "start_date=2026-01-01T00:00:00Z&end_date=2020-01-01T00:00:00Z": (400,),
        "status=x": (400,),
        "service_code=../../x": (404,),
        "page=-1&page_size=-1": (200,),
        "page=99999999999999999999&page_size=99999999999999999999": (200,),
        "jurisdiction_id=nowhere": (404,),
    }.items():
        for format in ("json", "xml"):
            answer = requests.get(f"{base}/requests.{format}?api_key={key}&{query}", timeout=PATIENCE)
            assert answer.status_code in expected, (query, answer.text[:300])
            answer.json() if format == "json" else ElementTree.fromstring(answer.content)
    for path in ("requests/'.json", "requests/1e9.xml", "tokens/<x>.xml", "services/..%2f..%2fx.json", "requests/1.exe", "a" * 200 + ".json", "..json"):
        assert requests.get(f"{base}/{path}", timeout=PATIENCE).status_code in (404, 400)


def test_text_that_would_break_xml(open311):
    base, key = open311
    nasty = "]]><!DOCTYPE x><script>&amp; \x01\x08\x0b\x1f\x7f\ufffe\uffff \U0001f4a9 <a b='c\">"
    form = dict(api_key=key, service_code=first_service(base), description=nasty, address_string=nasty, media_url=nasty)
    made = requests.post(f"{base}/requests.json", data=form, timeout=PATIENCE)
    assert made.status_code == 201, made.text
    number = made.json()[0]["service_request_id"]
    as_json = requests.get(f"{base}/requests/{number}.json?api_key={key}", timeout=PATIENCE).json()[0]
    assert as_json["description"].startswith(nasty)
    as_xml = ElementTree.fromstring(requests.get(f"{base}/requests/{number}.xml?api_key={key}", timeout=PATIENCE).content)
    assert as_xml.find(".//description").text.startswith("]]><!DOCTYPE x><script>&amp;")


def test_a_host_that_is_none(port):
    for host in ("x\"><script>", "a" + "汉" * 300, "x" * 1000):
        answer = talk(port, b"GET /open311/v2/discovery.xml HTTP/1.1\r\nConnection: close\r\nHost: " + host.encode() + b"\r\n\r\n")
        assert status(answer) == 200
        ElementTree.fromstring(answer.split(b"\r\n\r\n", 1)[1])


# --- the other doors ---


def test_links_that_are_none(notification, links_port):
    address = f"http://127.0.0.1:{links_port}"
    for token in ("x", "A" * 43, "A" * 200, "A" * 20_000, "%2e%2e%2f", "a b", "'--", "汉"):
        for method in ("GET", "POST"):
            assert requests.request(method, f"{address}/ack/{token}", timeout=PATIENCE).status_code == 404, token
    assert requests.get(f"{address}/ack/%ff", timeout=PATIENCE).status_code == 400
    assert requests.post(f"{address}/ack/x", data=b"x" * 5000, timeout=PATIENCE).status_code == 413
    assert requests.post(f"{address}/ack/x", data=b"%zz", headers={"Content-Type": "application/x-www-form-urlencoded"}, timeout=PATIENCE).status_code == 400
    assert requests.delete(f"{address}/ack/x", timeout=PATIENCE).status_code == 405
    assert requests.get(f"{address}/", timeout=PATIENCE).status_code == 404


def test_the_administration_address(intake, notification):
    for service in (intake, notification):
        base = f"http://{service.admin()}"
        assert requests.post(f"{base}/metrics", data=b"x" * 100_000, timeout=PATIENCE).status_code == 405
        assert requests.get(f"{base}/../../etc/passwd", timeout=PATIENCE).status_code == 404
        assert status(talk(int(base.rsplit(":", 1)[1]), b"GET /metrics?x=%zz HTTP/1.1\r\nHost: h\r\n\r\n")) == 400
        assert requests.get(f"{base}/healthz", data=b"x" * 1_000_000, timeout=PATIENCE).status_code == 413
        threads = [threading.Thread(target=lambda: requests.get(f"{base}/metrics", timeout=PATIENCE)) for _ in range(60)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert requests.get(f"{base}/readyz", timeout=PATIENCE).status_code == 200
