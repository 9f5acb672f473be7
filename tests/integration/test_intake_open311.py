"""Open311 GeoReport v2, as a client that knows only the specification sees it."""

import datetime
import hashlib
import re
import xml.etree.ElementTree as ElementTree

import pytest
import requests
from intake_tools import REGION, define_feed, png
from wjzlib.wait import PATIENCE

REQUEST = {
    "service_code": "0203",
    "lat": "30.6312",
    "long": "103.6711",
    "address_string": "崇阳街道某路1号",
    "description": "夜间施工噪声 <扰民> & 无人管",
    "first_name": "三",
    "last_name": "张",
    "phone": "13800001111",
    "email": "a@example.com",
    "media_url": "https://example.com/1.jpg",
    "attribute[order_type]": "投诉",
}


@pytest.fixture(scope="module")
def address(module_house):
    intake = module_house.start("intake", door="", http="127.0.0.1:0")
    port = re.search(r'event="http door open" port=(\d+)', intake.text()).group(1)
    return f"http://127.0.0.1:{port}/open311/v2"


@pytest.fixture(scope="module")
def key(module_house, address):
    return define_feed(module_house, "open311", profile="open311").bearer_key


def get(address, path, **params):
    return requests.get(f"{address}/{path}", params=params, timeout=PATIENCE)


def post(address, key, **fields):
    return requests.post(f"{address}/requests.json", data={**REQUEST, "api_key": key, **fields}, timeout=PATIENCE)


@pytest.fixture
def made(address, key):
    answer = post(address, key)
    assert answer.status_code == 201, answer.text
    return answer.json()[0]["service_request_id"]


def error(answer, status):
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body[0]["code"] == status and body[0]["description"]


def test_discovery(address):
    found = get(address, "discovery.json").json()
    endpoint = found["endpoints"][0]
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2" and endpoint["url"] == address
    root = ElementTree.fromstring(get(address, "discovery.xml").content)
    assert root.tag == "discovery" and root.find("endpoints/endpoint/url").text == address


def test_services(address):
    services = get(address, "services.json").json()
    noise = next(s for s in services if s["service_code"] == "0203")
    assert noise["service_name"] == "噪声" and noise["group"] == "生态环境" and noise["type"] == "realtime" and noise["metadata"] is True
    answer = get(address, "services.xml")
    assert answer.headers["Content-Type"].startswith("text/xml")
    root = ElementTree.fromstring(answer.content)
    assert root.tag == "services" and len(root.findall("service")) == len(services)
    assert root.find("service/metadata").text == "true"


def test_a_service_definition(address):
    attribute = get(address, "services/0203.json").json()["attributes"][0]
    assert attribute["code"] == "order_type" and attribute["datatype"] == "singlevaluelist" and attribute["required"] is False
    assert {"key": "投诉", "name": "投诉"} in attribute["values"]
    root = ElementTree.fromstring(get(address, "services/0203.xml").content)
    assert root.tag == "service_definition" and root.find("attributes/attribute/values/value/key").text == "投诉"
    error(get(address, "services/9999.json"), 404)


def test_a_request_becomes_a_complaint(module_house, made):
    row = module_house.database.row(
        "SELECT feed, categories, order_type, content, incident_address, longitude, latitude, photo_count, reporter_hash <> 0, received_at IS NOT NULL"
        " FROM intake.complaint_for_scoring WHERE region = %s AND id = %s",
        REGION,
        int(made),
    )
    content = "夜间施工噪声 <扰民> & 无人管\nhttps://example.com/1.jpg"
    assert row == ("open311", ["生态环境", "噪声"], "投诉", content, "崇阳街道某路1号", 103.6711, 30.6312, 1, True, True)


def test_one_request_with_and_without_the_key(address, key, made):
    shown = get(address, f"requests/{made}.json", api_key=key).json()[0]
    assert shown["service_request_id"] == made and shown["status"] == "open" and shown["service_code"] == "0203"
    assert shown["description"].startswith("夜间施工噪声") and shown["lat"] == 30.6312 and shown["requested_datetime"]
    public = get(address, f"requests/{made}.json").json()[0]
    assert public["status"] == "open" and public["description"] is None and public["address"] is None
    root = ElementTree.fromstring(get(address, f"requests/{made}.xml", api_key=key).content)
    assert root.tag == "service_requests" and root.find("request/description").text.startswith("夜间施工噪声 <扰民> & 无人管")
    error(get(address, "requests/123.json"), 404)
    error(get(address, "requests/none.json"), 404)


def test_status_follows_feedback(module_house, address, key, made):
    external_id = module_house.database.value("SELECT external_id FROM intake.complaint WHERE id = %s", int(made))
    url = address.replace("/open311/v2", "/v1/feeds/open311/feedback")
    said = {"complaint_external_id": external_id, "status": "closed", "handle_result": "已责令停工", "at": "2026-11-20T00:00:00Z"}
    assert requests.post(url, json=said, headers={"Authorization": f"Bearer {key}"}, timeout=PATIENCE).json()["accepted"] == 1
    shown = get(address, f"requests/{made}.json", api_key=key).json()[0]
    assert shown["status"] == "closed" and shown["status_notes"] == "已责令停工"
    assert made in [r["service_request_id"] for r in get(address, "requests.json", api_key=key, status="closed").json()]
    assert made not in [r["service_request_id"] for r in get(address, "requests.json", api_key=key, status="open").json()]


def test_lists_and_filters(address, key):
    ids = [post(address, key, service_code=code).json()[0]["service_request_id"] for code in ("0101", "0102", "0101")]
    several = get(address, "requests.json", service_request_id=",".join(ids[:2])).json()
    assert {r["service_request_id"] for r in several} == set(ids[:2])
    by_code = [r["service_request_id"] for r in get(address, "requests.json", service_code="0101").json()]
    assert by_code == [ids[2], ids[0]], "newest first"
    both = [r["service_request_id"] for r in get(address, "requests.json", service_code="0101,0102").json()]
    assert both[:3] == ids[::-1], "codes may be declared several times, divided by commas"
    assert len(get(address, "requests.json", page_size=2).json()) == 2
    first, second = (get(address, "requests.json", page_size=1, page=n).json()[0]["service_request_id"] for n in (1, 2))
    assert (first, second) == (ids[2], ids[1])
    assert get(address, "requests.json", start_date="2020-01-01T00:00:00Z", end_date="2020-02-01T00:00:00Z").json() == []
    month_ago = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert ids[0] in [r["service_request_id"] for r in get(address, "requests.json", start_date=month_ago).json()]
    error(get(address, "requests.json", start_date="2020-01-01T00:00:00Z", end_date="2021-01-01T00:00:00Z"), 400)
    error(get(address, "requests.json", start_date="yesterday"), 400)
    error(get(address, "requests.json", status="lost"), 400)
    error(get(address, "requests.json", service_code="0101,9999"), 404)
    error(get(address, "requests.json", service_code="9999"), 404)


def test_searches_as_clients_send_them(address, made):
    """Empty fields of a form are none; the plus of a time's offset comes unescaped."""
    form = "service_request_id=&service_code=&status=&start_date=&end_date=&page=&page_size=&api_key=&jurisdiction_id="
    all_of_them = [r["service_request_id"] for r in requests.get(f"{address}/requests.json?{form}", timeout=PATIENCE).json()]
    assert made in all_of_them
    hour_ago = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))) - datetime.timedelta(hours=1)
    since = hour_ago.isoformat(timespec="seconds")
    assert since.endswith("+08:00")
    found = requests.get(f"{address}/requests.json?start_date={since}", timeout=PATIENCE).json()
    assert [r["service_request_id"] for r in found] == all_of_them
    refused = get(address, "requests.json", start_date="yesterday").json()[0]["description"]
    assert 'start_date "yesterday"' in refused and "2026-11-27T09:00:00Z" in refused


def test_degrees_are_told_as_they_were_said(address, key):
    made = post(address, key, lat="30.1", long="103.671234").json()[0]["service_request_id"]
    assert '"lat":30.1,"long":103.671234' in get(address, f"requests/{made}.json", api_key=key).text


def test_what_is_no_form_is_told_so(address):
    error(requests.post(f"{address}/requests.json", timeout=PATIENCE, json=REQUEST), 415)


def post_parts(address, key, files, format="json", **fields):
    """As requests sends it: multipart/form-data as soon as there is a file."""
    return requests.post(f"{address}/requests.{format}", data={**REQUEST, "media_url": "", "api_key": key, **fields}, files=files, timeout=PATIENCE)


def photo(number):
    return (f"IMG_{number}.png", png(60 + number, 40), "image/png")


def attachments(house, complaint=None):
    if complaint is None:
        return house.database.value("SELECT count(*) FROM intake.attachment")
    found = house.database.rows("SELECT encode(hash, 'hex') FROM intake.complaint_attachment WHERE complaint = %s ORDER BY ordinal", int(complaint))
    return [row[0] for row in found]


def test_a_request_with_photos(module_house, address, key):
    """Under each name that clients give them; what of an unused file input comes is none."""
    photos = [("media", photo(1)), ("media[]", photo(2)), ("media[1]", photo(3)), ("media", ("", b"", "application/octet-stream"))]
    answer = post_parts(address, key, photos)
    assert answer.status_code == 201, answer.text
    made = answer.json()[0]["service_request_id"]
    hashes = [hashlib.sha256(content).hexdigest() for _, (_, content, _) in photos[:3]]
    assert attachments(module_house, made) == hashes
    row = module_house.database.row("SELECT content, incident_address, photo_count, longitude FROM intake.complaint WHERE id = %s", int(made))
    assert row == (REQUEST["description"], REQUEST["address_string"], 3, 103.6711)
    shown = module_house.database.rows("SELECT kind, data FROM intake.rendition WHERE hash = %s ORDER BY kind", bytes.fromhex(hashes[0]))
    assert [kind for kind, _ in shown] == ["display", "thumbnail"] and all(bytes(data).startswith(b"\xff\xd8\xff") for _, data in shown)
    assert get(address, f"requests/{made}.json", api_key=key).json()[0]["description"] == REQUEST["description"]


def test_parts_without_a_photo_are_a_form(module_house, address, key):
    answer = post_parts(address, key, {"agreed": (None, "yes")}, media_url="https://example.com/2.jpg")
    assert answer.status_code == 201, answer.text
    made = answer.json()[0]["service_request_id"]
    assert module_house.database.row("SELECT photo_count FROM intake.complaint WHERE id = %s", int(made)) == (1,) and attachments(module_house, made) == []


@pytest.mark.parametrize(
    "files, fields, status, told",
    [
        ([("media", photo(11)), ("media", ("notes.jpg", b"no picture", "image/jpeg"))], {}, 400, ['media "notes.jpg"', "JPEG, PNG, WebP or HEIC"]),
        ([("media", photo(20 + n)) for n in range(7)], {}, 400, ['media "IMG_26.png"', "at most 6", "send fewer"]),
        ([("media", ("large.jpg", b"x" * 10_000_001, "image/jpeg"))], {}, 413, ['media "large.jpg"', "10 MB", "send it smaller"]),
        ([("media", ("larger.jpg", b"x" * 31_000_000, "image/jpeg"))], {}, 413, ["30000000"]),
        ([("media", photo(12)), ("report", ("a.pdf", b"%PDF", "application/pdf"))], {}, 400, ['report "a.pdf"', "as media"]),
        ([("media", photo(13))], {"lat": "48.85", "long": "2.35"}, 400, ['position "2.35, 48.85"', "WGS 84"]),
        ([("media", photo(14))], {"service_code": "9999"}, 404, ["service_code"]),
        ([("media", photo(15))], {"api_key": "wrong"}, 403, ["api_key"]),
        ([("media", photo(16))], {"jurisdiction_id": "elsewhere"}, 404, ["jurisdiction_id"]),
        ([("media", photo(17))], {"description": b"\xff"}, 400, ["UTF-8"]),
    ],
)
def test_photos_that_are_refused(module_house, address, key, files, fields, status, told):
    """Clearly, in either format; nothing is stored of the request, neither what was good of its photos."""
    def stored():
        return attachments(module_house), module_house.database.value("SELECT count(*) FROM intake.complaint")

    before = stored()
    answer = post_parts(address, key, files, **fields)
    error(answer, status)
    assert all(part in answer.json()[0]["description"] for part in told), answer.text
    answer = post_parts(address, key, files, format="xml", **fields)
    root = ElementTree.fromstring(answer.content)
    assert answer.status_code == status and root.tag == "errors" and root.find("error/code").text == str(status)
    assert all(part in root.find("error/description").text for part in told)
    assert stored() == before


def test_the_same_photo_twice_is_one(module_house, address, key):
    before = attachments(module_house)
    made = [post_parts(address, key, [("media", photo(31)), ("media", photo(31))]).json()[0]["service_request_id"] for _ in range(2)]
    assert attachments(module_house) == before + 1
    assert len({*attachments(module_house, made[0]), *attachments(module_house, made[1])}) == 1 and len(attachments(module_house, made[0])) == 2


def test_parts_that_are_none(address, key):
    good = f'--xx\r\nContent-Disposition: form-data; name="api_key"\r\n\r\n{key}\r\n'.encode()
    head = b'--xx\r\nContent-Disposition: form-data; name="media"; filename="a.png"\r\n\r\n'
    for body in (b"", b"x", good, good + b"--xx--\r\nmore", b"--xx--", good.replace(b"name=", b"nom="), good * 201 + b"--xx--", good + head + b"\r\n" * 40_000, b"--xx\r\n" + b"x" * 300_000):
        error(requests.post(f"{address}/requests.json", data=body, headers={"Content-Type": "multipart/form-data; boundary=xx"}, timeout=PATIENCE), 400)
    for type in ("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "x" * 4000):
        error(requests.post(f"{address}/requests.json", data=good + b"--xx--", headers={"Content-Type": type}, timeout=PATIENCE), 400)


def test_the_servers_own_refusals_are_told_the_doors_way(address):
    error(requests.put(f"{address}/requests.json", timeout=PATIENCE), 405)
    error(get(address, "a/b/c.json"), 404)
    error(requests.post(f"{address}/requests.json", data={"description": "x" * 300_000}, timeout=PATIENCE), 413)
    assert ElementTree.fromstring(requests.put(f"{address}/requests.xml", timeout=PATIENCE).content).find("error/code").text == "405"


def test_errors_of_a_post(address, key):
    error(post(address, "wrong"), 403)
    error(post(address, ""), 403)
    error(post(address, key, service_code=""), 400)
    error(post(address, key, service_code="9999"), 404)
    error(post(address, key, lat="", long="", address_string=""), 400)
    error(post(address, key, lat="north", long="5"), 400)
    error(post(address, key, lat="48.85", long="2.35"), 400)
    error(post(address, key, jurisdiction_id="elsewhere"), 404)
    assert post(address, key, jurisdiction_id="510184").status_code == 201
    answer = requests.post(f"{address}/requests.xml", data={**REQUEST, "api_key": "wrong"}, timeout=PATIENCE)
    root = ElementTree.fromstring(answer.content)
    assert answer.status_code == 403 and root.tag == "errors" and root.find("error/code").text == "403"


def test_a_token_is_the_id(address, made):
    assert get(address, f"tokens/{made}.json").json() == [{"service_request_id": made, "token": made}]
    error(get(address, "tokens/none.json"), 404)
    error(get(address, "tokens/1.json"), 404)


def test_resources_and_formats_that_do_not_exist(address):
    error(get(address, "requests.yaml"), 404)
    error(get(address, "nothing.json"), 404)
    error(get(address, "nothing/1.json"), 404)
