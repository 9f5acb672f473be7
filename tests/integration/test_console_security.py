"""The console against those who should not get in, or not so far: no login, another organ, a lower role, a stale token, an expired
session, guessed passwords, planted sessions, text that is meant as code — and the store without the program in front of it."""

import base64
import hashlib
import hmac
import json
import struct
import time

import psycopg2
import pytest
import requests

from console_tools import OPERATIONS, PASSWORD, PEOPLE, Browser, Console, start_county

OPEN = {"logIn"}
ADMINISTRATORS = ("system", "security", "audit")
NASTY = [
    "'; DROP TABLE console.account; --",
    "' OR '1'='1",
    "\" OR \"\"=\"",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "\\x00",
    "$(touch /tmp/owned)",
    "{{7*7}}",
    "1; SELECT pg_sleep(10)",
    "a" * 5000,
    "𝕏́\u202e混\ufeff",
]


@pytest.fixture(scope="module")
def world(module_house):
    house = module_house
    start_county(house, 150, seed=3)
    return Console(house).make_accounts()


@pytest.fixture(autouse=True)
def settled(world):
    world.settled()


def example(described):
    """A body that the document lets through, for operations that want one."""
    body = described.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return None if body is None else fill(body)


def fill(schema):
    from console_tools import DOCUMENT

    if "$ref" in schema:
        target = DOCUMENT
        for part in schema["$ref"][2:].split("/"):
            target = target[part]
        return fill(target)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: fill(schema["properties"][name]) for name in schema.get("required", [])}
    if kind == "array":
        return [fill(schema["items"])] * schema.get("minItems", 0)
    if kind == "integer" or kind == "number":
        return schema.get("minimum", 1)
    if kind == "boolean":
        return True
    if schema.get("format") == "date-time":
        return "2026-11-27T09:00:00+08:00"
    if schema.get("format") == "date":
        return "2026-11-27"
    pattern = schema.get("pattern", "")
    known = {"^[0-9]{1,19}$": "1", "^[0-9]{6}$": "123456", "^[0-9a-f]{64}$": "0" * 64, "^[a-z0-9][a-z0-9-]{0,62}$": "hotline-12345",
             "^[a-z0-9][a-z0-9._-]{1,62}$": "somebody", "^[0-9]{12}$": "510184107201"}
    return known.get(pattern, "x" * max(1, schema.get("minLength", 1)))


def needed(described):
    """Parameters of path and query that an operation cannot do without."""
    given = {}
    for parameter in described.get("parameters", []):
        if parameter.get("required") and parameter["in"] in ("path", "query"):
            name = parameter["name"]
            given[name + "_" if name in ("from", "import") else name] = fill(parameter["schema"]) if parameter["in"] == "query" else (
                {"day": "2026-01-01", "attachment": "0" * 64, "form": "content"}.get(name, "1"))
    return given


def ask(browser, operation, **more):
    _, _, described = OPERATIONS[operation]
    headers = {"If-Match": "*"} | more.pop("headers", {})
    return browser.ask(operation, example(described), headers=headers, **{**needed(described), **more})


# --- who one is ---


def test_without_a_login_nothing_answers(world):
    for operation in OPERATIONS:
        if operation not in OPEN:
            assert ask(Browser(world.base), operation).status_code == 401, operation


def test_a_made_up_session_is_none(world):
    browser = Browser(world.base)
    for token in ("x" * 43, "A" * 43, "'" * 43, "a" * 42, "a" * 44, ""):
        browser.http.cookies.set("wjz_session", token)
        assert ask(browser, "readDesk").status_code == 401


def test_every_operation_keeps_to_its_roles(world):
    """What /v1/me says that one may do is exactly what is not refused for lack of a role."""
    for login, browser in world.browsers.items():
        allowed = set(browser.get("readMe")["permissions"])
        for operation, (method, path, described) in OPERATIONS.items():
            if operation in OPEN or operation in ("logOut", "changePassword", "removeTotp", "beginTotp", "confirmTotp", "passTotp", "streamEvents", "readSession"):
                continue
            if operation in allowed and method != "GET":
                continue  # would change something
            answer = ask(browser, operation)
            assert (answer.status_code == 403 and answer.json().get("code") == "forbidden") == (operation not in allowed), (login, operation, answer.text)


def test_the_three_administrators_see_no_clue_and_do_not_each_others_work(world):
    for login in ADMINISTRATORS:
        allowed = set(world[login].get("readMe")["permissions"])
        assert not allowed & {"listClues", "readClue", "listComplaints", "revealReporter", "downloadClues", "readStatistics"}
    assert "setRoles" not in world["system"].get("readMe")["permissions"]
    assert "createAccount" not in world["security"].get("readMe")["permissions"]
    assert "searchAudit" not in world["system"].get("readMe")["permissions"]


# --- other organs, branches, stations ---


def test_another_organ_sees_and_does_nothing(world):
    other, chief = world["elsewhere"], world["chief"]
    assert other.get("listClues", limit=200)["items"] == []
    row = chief.get("listClues", state="assigned")["items"][0]
    clue = chief.get("readClue", clue=row["id"])
    complaint = chief.get("listComplaints", clue=row["id"])["items"][0]["id"]
    headers = {"If-Match": clue["version"]}
    for answer in (
        other.ask("readClue", clue=row["id"]),
        other.ask("readHistory", clue=row["id"]),
        other.ask("listSimilar", clue=row["id"]),
        other.ask("readLaw", clue=row["id"]),
        other.ask("acceptAssignment", assignment=clue["assignment"]["id"], headers=headers),
        other.ask("overrideStars", {"stars": 5, "reason": "x"}, clue=row["id"], headers=headers),
        other.ask("revealReporter", {"reason": "x"}, complaint=complaint),
        other.ask("readPlainText", {"reason": "x"}, complaint=complaint),
    ):
        assert answer.status_code == 404, answer.text
    assert other.get("listComplaints", clue=row["id"])["items"] == []
    assert other.get("readStatistics", by="organ")["total"]["clues"] == 0
    assert other.get("readPoints")["points"] == []
    assert all(t["value"] == 0 for t in other.get("readTownValues", measure="clues")["towns"])
    assert other.get("listClues", organ="JCY-510184")["items"] == []


def test_a_prosecutor_sees_own_branches_and_a_station_its_own(world):
    everything = {r["id"]: r for r in world["chief"].get("listClues", limit=200)["items"]}
    mine = world["prosecutor"].get("listClues", limit=200)["items"]
    branches = set(world["prosecutor"].get("readMe")["branches"]) | {"none"}
    assert 0 < len(mine) < len(everything)
    for row in mine:
        assert row["branch"] in branches or row["assignment"]["prosecutor"]["code"] == PEOPLE["prosecutor"][0]
    for row in world["staff"].get("listClues", limit=200)["items"]:
        assert row["assignment"]["station"] in world["staff"].get("readMe")["stations"]


def test_a_confidential_clue_has_its_own_list(world):
    database = world.house.database
    row = next(r for r in world["head"].get("listClues", state="assigned", limit=200)["items"]
               if r["assignment"]["prosecutor"] and r["assignment"]["prosecutor"]["code"] != PEOPLE["head"][0])
    database.run("UPDATE console.clue_copy SET confidential = true WHERE clue = %s", row["id"])
    seen = lambda login: world[login].ask("readClue", clue=row["id"]).status_code
    assert seen("head") == 404 and seen("chief") == 200
    word = row["title"][:2]
    assert row["id"] not in [r["id"] for r in world["head"].get("listClues", q=word, limit=200)["items"]]
    world["chief"].do("grantAccess", {"person": PEOPLE["head"][0], "reason": "协办"}, clue=row["id"])
    assert seen("head") == 200
    assert world["head"].ask("grantAccess", {"person": PEOPLE["head"][0], "reason": "x"}, clue=row["id"]).status_code == 403
    world["chief"].do("revokeAccess", clue=row["id"], person=PEOPLE["head"][0], status=204)
    assert seen("head") == 404


def test_a_photo_is_for_those_who_see_its_complaint(world):
    database = world.house.database
    row = world["chief"].get("listClues", state="open")["items"][0]
    complaint = world["chief"].get("listComplaints", clue=row["id"])["items"][0]["id"]
    database.run("INSERT INTO intake.attachment (region, hash, type, width, height, data) VALUES (510184, sha256('photo'), 'image/jpeg', 40, 30, 'as it came')")
    for kind in ("display", "thumbnail"):
        database.run("INSERT INTO intake.rendition VALUES (510184, sha256('photo'), %s, 4, 3, %s)", kind, kind.encode())
    database.run("INSERT INTO intake.complaint_attachment VALUES (510184, %s, 1, sha256('photo'))", complaint)
    shown = next(c for c in world["chief"].get("listComplaints", clue=row["id"])["items"] if c["id"] == complaint)["attachments"]
    assert [(a["width"], a["bytes"]) for a in shown] == [(4, 7)]
    for form, content in (("content", b"display"), ("thumbnail", b"thumbnail")):
        answer = world["chief"].ask("readAttachment", attachment=shown[0]["id"], form=form)
        assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == (200, content, "image/jpeg")
        assert world["elsewhere"].ask("readAttachment", attachment=shown[0]["id"], form=form).status_code == 404
    assert world["chief"].ask("readAttachment", attachment="0" * 64, form="content").status_code == 404
    assert world["chief"].ask("readAttachment", attachment=shown[0]["id"], form="original").status_code == 400


# --- sessions ---


def test_a_change_needs_the_sessions_own_token(world):
    me = world["organ"]
    good = me.csrf
    for token in ("", "x" * 43, world["head"].csrf):
        me.csrf = token
        answer = ask(me, "setHoliday")
        assert answer.status_code == 403 and answer.json()["code"] == "csrf"
    me.csrf = good
    assert ask(me, "setHoliday", headers={"Sec-Fetch-Site": "cross-site"}).json()["code"] == "cross_site"
    assert me.ask("logIn", {"login": "x", "password": "y"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    plain = me.http.post(f"{me.base}/api/v1/shifts/plan", data=json.dumps({"from": "2026-11-26", "to": "2026-11-27"}), headers={"X-CSRF-Token": good, "Content-Type": "text/plain"})
    assert plain.status_code == 415


def test_a_session_planted_before_the_login_is_of_no_use(world):
    browser = Browser(world.base)
    browser.http.cookies.set("wjz_session", "P" * 43, domain="127.0.0.1", path="/")
    browser.log_in("head")
    assert "P" * 43 not in browser.http.cookies.get_dict().values()
    thief = Browser(world.base)
    thief.http.cookies.set("wjz_session", "P" * 43)
    assert ask(thief, "readDesk").status_code == 401
    twice = requests.get(f"{world.base}/api/v1/desk", headers={"Cookie": f"wjz_session={'P' * 43}; wjz_session={browser.http.cookies['wjz_session']}"})
    assert twice.status_code == 401


def test_cookies_are_kept_from_scripts_and_other_sites(world):
    answer = Browser(world.base).log_in("head")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    stored = world.house.database.rows("SELECT encode(token_hash, 'hex') FROM console.session")
    token = cookie.split("=", 1)[1].split(";")[0]
    assert all(token not in row[0] for row in stored)


def test_a_session_ends_by_silence_age_logout_and_lock(world):
    database = world.house.database
    for change in ("seen_at = now() - interval '31 minutes'", "ends_at = now() - interval '1 second'"):
        browser = world.fresh("staff")
        assert browser.ask("readMe").status_code == 200
        database.run(f"UPDATE console.session SET {change} WHERE login = 'staff'")
        assert browser.ask("readMe").status_code == 401
    browser = world.fresh("staff")
    browser.do("logOut", status=204)
    assert browser.ask("readMe").status_code == 401
    browser = world.fresh("staff")
    world["security"].do("lockAccount", {"reason": "离职"}, login="staff")
    assert browser.ask("readMe").status_code == 401
    assert Browser(world.base).log_in("staff").status_code == 401
    world["security"].do("unlockAccount", login="staff")
    assert Browser(world.base).log_in("staff").status_code == 200


def test_changed_rights_end_sessions(world):
    made = world["system"].do("createAccount", {"login": "newcomer", "person": "P-510184-005"}, status=201)
    browser = Browser(world.base)
    browser.log_in("newcomer", made["password"])
    assert browser.ask("readDesk").status_code == 401  # the password is to be changed first
    assert browser.ask("changePassword", {"current": made["password"], "new": "short"}).status_code == 422
    assert browser.ask("changePassword", {"current": made["password"], "new": "aaaaaaaaaaaaaaaa"}).json()["code"] == "password_weak"
    browser.csrf = browser.do("changePassword", {"current": made["password"], "new": PASSWORD})["csrf_token"]
    assert browser.ask("listClues").status_code == 403  # without a role
    version = next(a["version"] for a in world["security"].get("listAccounts", q="newcomer")["items"])
    assert world["security"].ask("setRoles", {"roles": ["audit_administrator", "prosecutor"]}, login="newcomer", headers={"If-Match": version}).status_code == 422
    world["security"].do("setRoles", {"roles": ["prosecutor"]}, login="newcomer", headers={"If-Match": version})
    assert browser.ask("readMe").status_code == 401
    assert world["security"].ask("setRoles", {"roles": ["prosecutor"]}, login="newcomer", headers={"If-Match": version}).status_code == 412
    browser = Browser(world.base)
    browser.log_in("newcomer")
    assert browser.ask("listClues").status_code == 200
    assert world["security"].ask("setRoles", {"roles": []}, login="security", headers={"If-Match": "1"}).status_code == 409


def test_what_is_kept_of_somebody_ends_with_what_it_was_made_of(world):
    """Person, organs and rights are kept with the session: a change of any counts for the next request, whoever made it."""
    database, browser = world.house.database, world.fresh("staff")
    seen = lambda: len(browser.get("listClues", limit=200)["items"])
    change = lambda table, what: database.run(f"UPDATE {table} SET {what}")
    before, stations = seen(), database.value("SELECT stations FROM directory.person WHERE code = %s", PEOPLE["staff"][0])
    assert before > 0
    database.run("UPDATE directory.person SET stations = '{}' WHERE code = %s", PEOPLE["staff"][0])
    assert seen() == 0
    database.run("UPDATE directory.person SET stations = %s WHERE code = %s", stations, PEOPLE["staff"][0])
    assert seen() == before
    database.run("UPDATE directory.person SET active = false WHERE code = %s", PEOPLE["staff"][0])
    assert browser.ask("listClues").status_code == 401
    database.run("UPDATE directory.person SET active = true WHERE code = %s", PEOPLE["staff"][0])
    assert seen() == before
    change("console.account", "roles = '{liaison}' WHERE login = 'staff'")
    assert browser.ask("listClues").status_code == 403
    change("console.account", "roles = '{station_staff}' WHERE login = 'staff'")
    assert seen() == before
    chief = world.fresh("chief")
    assert chief.get("listClues")["items"]
    database.run("UPDATE directory.person SET organ = 'JCY-510104' WHERE code = %s", PEOPLE["chief"][0])
    try:
        assert chief.get("listClues")["items"] == []
    finally:
        database.run("UPDATE directory.person SET organ = 'JCY-510184' WHERE code = %s", PEOPLE["chief"][0])
    assert chief.get("listClues")["items"]


def test_a_search_is_written_down_with_what_it_found_or_refused(world):
    audited = lambda login, result: [e for e in world["audit"].get("searchAudit", person=PEOPLE[login][0], limit=200)["items"]
                                     if e["event"] in ("search", "listClues") and e["result"] == result]
    world["head"].get("listClues", q="河道偷排")
    assert audited("head", "done")[0]["detail"] == {"q": "河道偷排"}
    assert world["security"].ask("listClues", q="河道偷排").status_code == 403
    assert audited("security", "refused") and not audited("security", "done")


def test_guessing_locks_the_account_and_says_nothing(world):
    answers = [Browser(world.base).log_in("liaison", f"guess number {i}") for i in range(6)]
    unknown = Browser(world.base).log_in("nobody", "guess number 1")
    assert {(a.status_code, a.json()["code"], a.json()["detail"]) for a in answers} == {(401, unknown.json()["code"], unknown.json()["detail"])}
    assert Browser(world.base).log_in("liaison").status_code == 401  # the right one does not help either, for a while
    world["security"].do("unlockAccount", login="liaison")
    assert Browser(world.base).log_in("liaison").status_code == 200
    events = world["audit"].get("searchAudit", event="login", object="liaison", result="refused")["items"]
    assert len(events) >= 6


def test_an_address_that_tries_too_often_has_to_wait(house):
    console = Console.__new__(Console)
    console.house = house
    console.service = house.start("console", console_http="127.0.0.1:0", console_login_rate=1)  # a minute
    browser = Browser(f"http://127.0.0.1:{console.port()}")
    statuses = [browser.log_in("nobody", "x").status_code for _ in range(3)]
    assert statuses == [401, 429, 429]


def totp(secret, at):
    key = base64.b32decode(secret)
    digest = hmac.new(key, struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7FFFFFFF) % 1000000:06d}"


def test_an_authenticator_is_asked_for_and_no_code_counts_twice(world):
    browser = world.fresh("head")
    secret = browser.do("beginTotp")["secret"]
    assert browser.ask("confirmTotp", {"code": "000000"}).status_code in (422, 200)
    code = totp(secret, time.time())
    browser.csrf = browser.do("confirmTotp", {"code": code})["csrf_token"]
    other = Browser(world.base)
    assert other.log_in("head").json()["stage"] == "totp"
    assert other.ask("readDesk").status_code == 401
    assert other.ask("passTotp", {"code": code}).status_code == 401  # used for the enrolment
    fresh = totp(secret, time.time() + 30)
    answer = other.ask("passTotp", {"code": fresh})
    assert answer.status_code == 200 and answer.json()["stage"] == "open", answer.text
    other.csrf = answer.json()["csrf_token"]
    assert other.ask("readDesk").status_code == 200
    sealed = bytes(world.house.database.value("SELECT totp FROM console.account WHERE login = 'head'"))
    assert base64.b32decode(secret) not in sealed
    assert other.ask("removeTotp", {"password": "wrong password"}).status_code == 401
    other.do("removeTotp", {"password": PASSWORD}, status=204)


# --- text that is meant as code ---


@pytest.mark.parametrize("text", NASTY)
def test_text_stays_text(world, text):
    chief, system, audit = world["chief"], world["system"], world["audit"]
    for operation in ("listClues", "downloadClues"):
        for name in ("q", "domain", "branch", "organ", "town", "state", "subject", "feed", "station", "cursor", "from_", "stars"):
            answer = chief.ask(operation, **{name: text})
            assert answer.status_code in (200, 400), (name, answer.text)
    for name in ("person", "event", "object", "cursor", "from_"):
        assert audit.ask("searchAudit", **{name: text}).status_code in (200, 400)
    assert system.ask("listAccounts", q=text).status_code in (200, 400)
    assert Browser(world.base).log_in(text, text).status_code in (400, 401, 422)
    for operation in ("readClue", "listComplaints", "readHistory"):
        answer = requests.get(f"{world.base}/api/v1/clues/{requests.utils.quote(text, safe='')}", cookies=chief.http.cookies.get_dict())
        assert answer.status_code in (400, 404, 414, 431)
    row = chief.get("listClues", state="open")["items"][0]
    answer = chief.ask("overrideStars", {"stars": 3, "reason": text}, clue=row["id"], headers={"If-Match": "*"})
    assert answer.status_code in (200, 400, 422), answer.text
    if answer.status_code == 200:
        assert answer.json()["own_star"]["reason"] == text
    assert world.house.database.value("SELECT count(*) FROM console.account") >= len(PEOPLE)


def test_broken_bodies_are_refused(world):
    me = world["organ"]
    send = lambda data, **headers: me.http.post(f"{me.base}/api/v1/leave", data=data, headers={"X-CSRF-Token": me.csrf, "Content-Type": "application/json", **headers})
    for data in (b"", b"{", b"[]", b"null", b'{"prosecutor":1}', b'{"prosecutor":"a","prosecutor":"b"}', b"\xff\xfe", b'{"a":' * 5000, b"{" + b'"x":1,' * 20000 + b'"y":1}'):
        assert send(data).status_code in (400, 413, 422), data[:40]
    assert send(b'"' + b"x" * (1 << 20) + b'"').status_code == 413


def test_pages_are_served_with_a_policy_and_nothing_beside_them(world):
    for path in ("/", "/index.html", "/../../etc/passwd", "/assets/%2e%2e/%2e%2e/x", "/.git/config", "/clues/17"):
        answer = requests.get(world.base + path)
        assert answer.status_code in (200, 404, 400)
        assert "root:" not in answer.text
    document = requests.get(f"{world.base}/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")


# --- the store, without the program ---


@pytest.fixture
def direct(world):
    """As the console's own role, which sets nothing by itself."""
    connection = psycopg2.connect(world.house.database.url.replace("user=postgres", "user=wjz_console"))
    connection.autocommit = False
    yield connection
    connection.close()


def rows(connection, sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


VIEWS = ["clue", "scored", "assigned", "assignment_history", "outcome", "recusal", "rating", "decision", "review", "complaint", "feedback", "complaint_clue",
         "clue_access", "account", "session", "idempotent", "audit", "person", "colleague", "station", "shift", "appointment", "visit", "leave", "notice",
         "preference", "feed", "feed_day", "receipt", "import", "import_error", "pack", "rehearsal", "queue", "dead_letters", "warning", "watch", "saved_search", "holiday"]


@pytest.mark.parametrize("view", VIEWS)
def test_with_nothing_set_the_store_shows_nothing(direct, view):
    assert rows(direct, f"SELECT count(*) FROM console.{view}") == [(0,)]


def test_the_role_reads_no_table_of_another_service(direct):
    for table in ("intake.complaint", "scoring.clue", "scoring.finding", "assignment.assignment", "directory.person", "notification.notice", "scheduling.appointment",
                  "console.clue_copy", "intake.feed", "scoring.rating"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            rows(direct, f"SELECT * FROM {table} LIMIT 1")
        direct.rollback()


def test_who_is_set_for_one_transaction_is_gone_in_the_next(world, direct):
    token = world["chief"].http.cookies["wjz_session"]
    digest = hashlib.blake2b(token.encode(), digest_size=32, key=b"wjz.console.session").digest()
    assert rows(direct, "SELECT login FROM console.enter(%s)", psycopg2.Binary(digest)) == [("chief",)]
    assert rows(direct, "SELECT count(*) > 0 FROM console.clue") == [(True,)]
    direct.commit()
    assert rows(direct, "SELECT count(*) FROM console.clue") == [(0,)]


def test_set_as_another_organ_the_store_shows_that_organs_rows_alone(world, direct):
    token = world["elsewhere"].http.cookies["wjz_session"]
    digest = hashlib.blake2b(token.encode(), digest_size=32, key=b"wjz.console.session").digest()
    rows(direct, "SELECT login FROM console.enter(%s)", psycopg2.Binary(digest))
    assert rows(direct, "SELECT count(*) FROM console.clue WHERE organ <> 'JCY-510104'") == [(0,)]
    assert rows(direct, "SELECT count(*) FROM console.complaint") == [(0,)]


def test_unmasked_texts_leave_a_trace_even_without_the_program(world, direct):
    complaint = world.house.database.value("SELECT min(f.complaint) FROM scoring.finding f JOIN console.clue_copy c ON c.clue = f.clue WHERE c.organ = 'JCY-510184'")
    assert rows(direct, "SELECT count(*) FROM console.plain_text(%s, 'curious', 'x')", complaint) == [(0,)]
    token = world["chief"].http.cookies["wjz_session"]
    digest = hashlib.blake2b(token.encode(), digest_size=32, key=b"wjz.console.session").digest()
    rows(direct, "SELECT login FROM console.enter(%s)", psycopg2.Binary(digest))
    assert rows(direct, "SELECT count(*) FROM console.plain_text(%s, '', 'x')", complaint) == [(0,)]
    assert rows(direct, "SELECT count(*) FROM console.plain_text(%s, 'direct', 'x')", complaint) == [(1,)]
    direct.commit()
    assert world.house.database.value("SELECT count(*) FROM console.audit WHERE object = %s AND detail->>'reason' = 'direct'", str(complaint)) == 1


def test_numbers_in_texts_are_masked_in_place(direct):
    text = "电话13812345678，身份证510184199001011234，座机028-82345678，编号20261126"
    masked = rows(direct, "SELECT console.mask(%s)", text)[0][0]
    assert masked == "电话138******78，身份证510184********1234，座机028-*****678，编号20261126"
    card = rows(direct, "SELECT console.mask('卡6222021234567890123')")[0][0]
    assert len(card) == 20 and "12345678" not in card


def test_the_audit_cannot_be_rewritten_unseen(world):
    database = world.house.database
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        database.run("UPDATE console.audit SET person = 'somebody else'")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        database.run("DELETE FROM console.audit")
    assert world["audit"].do("verifyAudit")["ok"]
    row = database.value("SELECT min(id) + 5 FROM console.audit")
    database.run("ALTER TABLE console.audit DISABLE TRIGGER only_added")
    try:
        before = database.value("SELECT event FROM console.audit WHERE id = %s", row)
        database.run("UPDATE console.audit SET event = 'nothing' WHERE id = %s", row)
        found = world["audit"].do("verifyAudit")
        assert not found["ok"] and found["first_bad"] == str(row)
        status, _, errors = world.house.wjz("audit", "verify", check=False)
        assert status == 1 and str(row) in errors
        database.run("UPDATE console.audit SET event = %s WHERE id = %s", before, row)
        assert world["audit"].do("verifyAudit")["ok"]
    finally:
        database.run("ALTER TABLE console.audit ENABLE TRIGGER only_added")


# --- what the console's role alone cannot make up ---


def digest_of(browser):
    return psycopg2.Binary(hashlib.blake2b(browser.http.cookies["wjz_session"].encode(), digest_size=32, key=b"wjz.console.session").digest())


def test_settings_of_ones_own_make_nobody(direct):
    """What the store goes by is sealed: no setting that the role can write makes it somebody."""
    fields = ["chief", "true", "P-510184-001", "510184", "JCY-510184", "chief_procurator", "none", "", "JCY-510184", "510184", "organ"]
    for seal in ("", "0" * 64, hashlib.sha256("\x1f".join(fields).encode()).hexdigest()):
        rows(direct, "SELECT set_config('wjz.who', %s, true)", seal + "\x1f".join(fields))
        for name, value in zip(("login", "person", "region", "organ", "roles", "organs", "sees"), (*fields[:1], *fields[2:6], "JCY-510184", "organ")):
            rows(direct, "SELECT set_config(%s, %s, true)", f"wjz.{name}", value)
        for view in VIEWS:
            assert rows(direct, f"SELECT count(*) FROM console.{view}") == [(0,)], (seal, view)
        assert rows(direct, "SELECT count(*) FROM console.clue_page('{}', 'index', NULL, NULL, 51)") == [(0,)]


def test_a_seal_is_of_no_use_in_another_transaction_or_with_other_words(world, direct):
    rows(direct, "SELECT login FROM console.enter(%s)", digest_of(world["chief"]))
    said = rows(direct, "SELECT current_setting('wjz.who')")[0][0]
    assert rows(direct, "SELECT console.setting('person')") == [(PEOPLE["chief"][0],)]
    rows(direct, "SELECT set_config('wjz.who', replace(%s, 'chief_procurator', 'audit_administrator'), true)", said)
    assert rows(direct, "SELECT console.who()") == [(None,)]
    direct.commit()
    rows(direct, "SELECT set_config('wjz.who', %s, true)", said)
    assert rows(direct, "SELECT console.who(), (SELECT count(*) FROM console.clue)") == [(None, 0)]


def test_a_person_is_not_enough_for_passwords_rights_and_sessions(world, direct):
    """As the security administrator, who may change them: without the program's word the store shows and changes nothing."""
    rows(direct, "SELECT login FROM console.enter(%s)", digest_of(world["security"]))
    assert rows(direct, "SELECT (SELECT count(*) FROM console.account), (SELECT count(*) FROM console.session)") == [(0, 0)]
    assert rows(direct, "UPDATE console.account SET roles = '{chief_procurator}' RETURNING login") == []
    assert rows(direct, "SELECT console.be('chief'), console.be_operator()") == [(False, False)]
    direct.commit()
    for attempt in ("INSERT INTO console.session (token_hash, login, stage, address, idle_s, ends_at) VALUES (sha256('mine'), 'chief', 'open', 'x', 1000, 'infinity')",
                    "INSERT INTO console.account (login, region, person, password) VALUES ('mine', 510184, 'P-510184-004', 'x')",
                    "SELECT console.vouch(sha256('guessed'))", "SELECT * FROM console.binding",
                    "SELECT console.say('chief', true, 'P-510184-001', '510184', 'JCY-510184', '{chief_procurator}', '{}', '{}', '{}', '{}', 'organ')"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            rows(direct, attempt)
        direct.rollback()


def test_a_condition_that_tells_what_it_sees_sees_only_what_is_shown(world, direct):
    """A function that is cheaper than the rule, and says aloud what it is given, is still asked last."""
    rows(direct, "SELECT login FROM console.enter(%s)", digest_of(world["elsewhere"]))
    with direct.cursor() as cursor:
        cursor.execute("CREATE FUNCTION pg_temp.told(title text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS 'BEGIN RAISE NOTICE ''told %'', title; RETURN true; END'")
    del direct.notices[:]
    assert rows(direct, "SELECT count(*) FROM console.clue c WHERE pg_temp.told(c.title)") == [(0,)]
    assert not [n for n in direct.notices if "told" in n]
    assert world.house.database.value("SELECT count(*) FROM console.clue_copy") > 0


def test_views_over_others_tables_are_barriers(world, direct):
    """The same for each view that is one: asked by a liaison, who is shown little of anything."""
    views = [row[0] for row in rows(direct, "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'console'::regnamespace AND 'security_barrier=true' = ANY (c.reloptions) ORDER BY 1")]
    assert {"notice", "import_error", "person", "feed", "dead_letters", "leave"} <= set(views)
    direct.rollback()
    assert world.house.database.value("SELECT count(*) FROM notification.notice") > 0
    for view in views:
        rows(direct, "SELECT login FROM console.enter(%s)", digest_of(world["liaison"]))
        with direct.cursor() as cursor:
            cursor.execute("CREATE FUNCTION pg_temp.told(row_of text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS 'BEGIN RAISE NOTICE ''told''; RETURN true; END'")
        shown = rows(direct, f"SELECT count(*) FROM console.{view} v")[0][0]
        del direct.notices[:]
        assert rows(direct, f"SELECT count(*) FROM console.{view} v WHERE pg_temp.told(v::text)") == [(shown,)], view
        assert len([n for n in direct.notices if "told" in n]) <= shown, view
        direct.rollback()


@pytest.mark.parametrize("login", [login for login in PEOPLE if login not in ADMINISTRATORS])
def test_pages_of_lists_and_the_table_follow_one_rule(world, direct, login):
    rows(direct, "SELECT login FROM console.enter(%s)", digest_of(world[login]))
    seen = rows(direct, "SELECT clue FROM console.clue WHERE merged_into = 0 ORDER BY clue")
    assert sorted(rows(direct, "SELECT clue FROM console.clue_page('{}', 'index', NULL, NULL, 100000)")) == seen


ONE_FILTER = [{}] + [{name: value} for name, value in (
    ("domain", "eco_env"), ("domain", "none"), ("branch", "civil"), ("kind", "complaint"), ("organ", "JCY-510184"), ("feed", "demo-hotline"), ("town", "510184107"), ("stars", "3"),
    ("state", "assigned"), ("state", "none"), ("state", "open"), ("outcome", "filed"), ("urgent", "true"), ("urgent", "false"), ("mediation", "true"), ("focus", "true"), ("mine", "true"), ("mine", "false"),
    ("prosecutor", "P-510184-003"), ("station", "ST-510184-01"), ("subject", "open"), ("domain", "eco_env,minors"), ("outcome", ""))]


@pytest.mark.parametrize("login", [login for login in PEOPLE if login not in ADMINISTRATORS])
def test_a_page_whose_plan_is_kept_shows_what_one_that_is_planned_shows(world, direct, login):
    """A page of more than 200 is planned for what it asks; a shorter one with at most one filter has a plan that is kept."""
    rows(direct, "SELECT login FROM console.enter(%s)", digest_of(world[login]))
    page = lambda filters, sort, count: rows(direct, "SELECT * FROM console.clue_page(%s, %s, NULL, NULL, %s)", json.dumps(filters), sort, count)
    for filters in ONE_FILTER:
        for sort in ("index", "newest", "oldest", "due"):
            assert page(filters, sort, 201) == page(filters, sort, 202)[:201], (filters, sort)
    assert len(page({}, "index", 7)) == min(7, len(page({}, "index", 202)))
