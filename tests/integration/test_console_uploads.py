"""What is sent up to the console as a file: pictures that are something else besides, pictures and workbooks that unpack to gigabytes, bodies of
100 MB, names that are paths — by the routes that the pages use, held against what is kept, what is shown, and the memory of who takes it."""

import hashlib
import os
import socket
import struct
import time
import zlib

import pytest
from console_tools import EVERY, PASSWORD, Browser, Console, start_county
from hostile_tools import grew_little, resident
from intake_tools import png
from test_console_security import totp
from test_hostile_files import BOMBS, BOOK, rezip

from wjzlib.wait import PATIENCE, wait_until

SCRIPT = b"<html><script>alert(document.domain)</script></html>"


@pytest.fixture(scope="module")
def world(module_house):
    house = module_house
    intake = start_county(house)
    made = Console(house, console_citizen_rate=100000).make_accounts()
    made.intake = intake
    return made


def store(world, data, kind="image/png"):
    return Browser(world.base).ask("storePhoto", data=data, headers={"Content-Type": kind})


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunk(photo, kind, data):
    """The PNG with one more part behind its header."""
    return photo[:33] + chunk(kind, data) + photo[33:]


def jpeg_with_comment(photo, comment):
    return photo[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + photo[2:]


def shown(world, digest):
    """Everything that anybody is ever sent of it."""
    return [bytes(row[0]) for row in world.house.database.rows("SELECT data FROM intake.rendition WHERE hash = %s", bytes.fromhex(digest))]


# --- pictures that are something else besides ---

NO_PICTURES = {
    "gif and html": b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0) + b"/*" + SCRIPT + b"*/;",
    "gif and javascript": b"GIF89a=1;/*" + b"\0" * 20 + b"*/alert(1)",
    "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>',
    "svg in a jpeg's clothes": b"\xff\xd8\xff\xe0<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "html": b"<!DOCTYPE html>" + SCRIPT,
    "pdf": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj",
    "zip": b"PK\x03\x04" + b"\0" * 100,
    "a png's beginning and html": b"\x89PNG\r\n\x1a\n" + SCRIPT,
    "bmp": b"BM" + struct.pack("<IHHI", 100, 0, 0, 54) + b"\0" * 60,
    "tiff": b"II*\0\x08\0\0\0" + b"\0" * 60,
    "postscript": b"%!PS-Adobe-3.0\n(%pipe%id) (r) file",
    "mvg": b"push graphic-context\nimage over 0,0 0,0 'url(https://127.0.0.1/x\"|id \")'\npop graphic-context",
    "elf": b"\x7fELF" + b"\0" * 60,
}


@pytest.mark.parametrize("kind", ["image/png", "image/svg+xml", "text/html"])
@pytest.mark.parametrize("name", NO_PICTURES)
def test_what_only_looks_like_a_picture_is_refused(world, name, kind):
    before = world.house.database.value("SELECT count(*) FROM intake.attachment")
    answer = store(world, NO_PICTURES[name], kind)
    assert answer.status_code == 422 and answer.json()["code"] == "invalid", (name, answer.text)
    assert world.house.database.value("SELECT count(*) FROM intake.attachment") == before


def polyglots(world):
    plain = png(120, 90)
    photo = shown(world, store(world, plain).json()["attachment"])[0]  # a JPEG as others make them
    return {
        "script in a png's text": with_chunk(plain, b"tEXt", b"Comment\0" + SCRIPT),
        "script in a png's packed text": with_chunk(plain, b"zTXt", b"Comment\0\0" + zlib.compress(SCRIPT)),
        "script in xmp": with_chunk(plain, b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + SCRIPT),
        "html behind a png": plain + SCRIPT,
        "zip behind a png": plain + BOOK,
        "script in a jpeg's comment": jpeg_with_comment(photo, b"*/=1;" + SCRIPT + b"/*"),
        "pdf and html behind a jpeg": photo + b"%PDF-1.7\n" + SCRIPT,
        "php behind a jpeg": photo + b"<?php system($_GET['x']); ?>",
    }


def test_a_picture_that_is_something_else_besides_is_shown_as_a_picture_alone(world):
    """It is a picture, so it is taken; what anybody is shown of it is made anew, and says nothing but the picture."""
    for name, data in polyglots(world).items():
        answer = store(world, data, "text/html")
        assert answer.status_code == 201 and answer.json()["type"] in ("image/png", "image/jpeg"), (name, answer.text)
        for made in shown(world, answer.json()["attachment"]):
            assert made.startswith(b"\xff\xd8\xff") and made.endswith(b"\xff\xd9"), name
            assert not any(word in made for word in (b"<script", b"<html", b"<?php", b"%PDF", b"PK\x03\x04", b"alert(")), name


def test_a_photo_is_served_as_what_it_is_and_nothing_runs_in_it(world):
    """Of a report with such a photo, to who sees its clue: the type is ours, it is not guessed at, and no policy lets a script run."""
    database = world.house.database
    photo = store(world, png(80, 60) + SCRIPT).json()["attachment"]
    text = "隆兴镇黎坝村3组的蓉兴化工厂夜间向河道偷排有毒废水一年多，上百户村民饮水受影响，多次向生态环境局反映，答复已整改，至今仍在偷排"
    report = dict(key=os.urandom(16).hex(), text=text, attachments=[photo], notice_version="2026-11-26", written_at="2026-11-20T09:00:00+08:00",
                  address="隆兴镇黎坝村3组", domain="eco_env")
    Browser(world.base).do("submitReport", report, status=201)
    clue = wait_until(lambda: database.value(
        "SELECT k.clue FROM intake.complaint_attachment a JOIN scoring.finding f ON f.region = a.region AND f.complaint = a.complaint"
        " JOIN console.clue_copy k ON k.region = f.region AND k.clue = f.clue WHERE a.hash = %s", bytes.fromhex(photo)), 60, "the report's clue is copied")
    attachment = world["chief"].get("listComplaints", clue=clue)["items"][0]["attachments"][0]["id"]
    for form in ("content", "thumbnail"):
        answer = world["chief"].ask("readAttachment", attachment=attachment, form=form)
        assert answer.status_code == 200 and answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert b"<script" not in answer.content
    assert world["elsewhere"].ask("readAttachment", attachment=attachment, form="content").status_code == 404
    assert Browser(world.base).ask("readAttachment", attachment=attachment, form="content").status_code == 401


# --- bombs ---

PICTURE_BOMBS = {
    "900 million pixels": png(30000, 30000, rows=zlib.compress(b"\0" * 1000)),
    "pixels beyond counting": png(0x7FFFFFFF, 0x7FFFFFFF, rows=zlib.compress(b"\0")),
    "100 million real pixels": png(10000, 10000),
    "a text of 400 MB": with_chunk(png(60, 60), b"zTXt", b"Comment\0\0" + zlib.compress(b"\0" * (400 << 20), 9)),
    "a profile of 400 MB": with_chunk(png(60, 60), b"iCCP", b"icc\0\0" + zlib.compress(b"\0" * (400 << 20), 9)),
}


@pytest.mark.parametrize("name", PICTURE_BOMBS)
def test_a_picture_that_unpacks_to_too_much_costs_nobody_memory(world, name):
    data = PICTURE_BOMBS[name]
    assert len(data) < 2 << 20
    services = (world.service, world.intake)
    before = [resident(service) for service in services]
    answer = store(world, data)
    assert answer.status_code == (201 if "MB" in name else 422), (name, answer.text)  # what nobody needs is passed over
    for service, had in zip(services, before):
        grew_little(service, had, 64 << 20)
    assert store(world, png(40 + list(PICTURE_BOMBS).index(name), 40)).status_code == 201  # the next one is served


def imported(world, data, file_name, **more):
    """The import's end, by the routes of the page."""
    organ = world["organ"]
    feed = next(f["name"] for f in organ.get("listFeeds")["items"] if f["profile"] == "hotline-12345")
    body = {"feed": feed, "file_name": file_name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "dry_run": True, **more}
    number = organ.do("beginImport", body, status=201)["import"]
    for at in range(0, len(data), 1 << 20):
        answer = organ.ask("sendChunk", data=data[at : at + (1 << 20)], import_=number, offset=at, headers={"Content-Type": "application/octet-stream"})
        assert answer.status_code == 200, answer.text
    return wait_until(lambda: (s := organ.get("readImport", import_=number))["stage"] in ("finished", "failed") and s, what="import ended")


@pytest.mark.parametrize("parts", BOMBS.values(), ids=BOMBS)
def test_a_workbook_that_unpacks_to_too_much_fails_with_a_reason(world, parts):
    before = [resident(service) for service in (world.service, world.intake)]
    state = imported(world, rezip(BOOK, parts), "诉求.xlsx")
    assert state["stage"] == "failed" and "unpacks to more than" in state["error"], state
    grew_little(world.service, before[0], 32 << 20)
    grew_little(world.intake, before[1], 200 << 20)


@pytest.mark.parametrize("name", ["../../../../etc/passwd", "..\\..\\boot.ini", "/etc/cron.d/x", "x.csv\0.exe", "<script>alert(1)</script>.csv", "$(id).csv", "a" * 200 + ".csv"])
def test_a_files_name_is_only_a_text(world, name):
    data = f"工单编号,标题,工单内容,受理时间\nN-{abs(hash(name))},河道倾倒垃圾,有人倾倒建筑垃圾,2026-11-20 09:00:00\n".encode()
    organ = world["organ"]
    body = {"feed": "demo-hotline", "file_name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "dry_run": True}
    answer = organ.ask("beginImport", body)
    assert answer.status_code in (201, 400, 422), answer.text
    if answer.status_code == 201:
        state = organ.get("readImport", import_=answer.json()["import"])
        assert state["file_name"] == name
        file = organ.ask("downloadRowErrors", import_=answer.json()["import"])
        assert file.headers["Content-Disposition"] == 'attachment; filename="errors.csv"'


def test_pieces_that_do_not_fit_are_refused(world):
    organ, data = world["organ"], b"x" * 5000
    body = {"feed": "demo-hotline", "file_name": "p.csv", "size": len(data), "sha256": hashlib.sha256(os.urandom(8)).hexdigest(), "dry_run": True}
    number = organ.do("beginImport", body, status=201)["import"]
    send = lambda part, offset: organ.ask("sendChunk", data=part, import_=number, offset=offset, headers={"Content-Type": "application/octet-stream"})
    for part, offset in ((data, 1 << 40), (data, 1), (data + b"more", 0), (data, -1), (data, "1e3"), (data, "../../x")):
        assert send(part, offset).status_code in (400, 409, 413, 422), offset
    assert world["prosecutor"].ask("sendChunk", data=data, import_=number, offset=0).status_code == 403
    assert world["elsewhere"].ask("sendChunk", data=data, import_=number, offset=0).status_code in (403, 404)
    large = organ.http.put(f"{organ.base}/api/v1/imports/{number}/content?offset=0", data=b"y" * ((1 << 20) + 1), headers={"X-CSRF-Token": organ.csrf}, timeout=PATIENCE)
    assert large.status_code == 413 and "default-src 'none'" in large.headers["Content-Security-Policy"]  # before it is anybody's request


# --- bodies of 100 MB ---


def begin_large(world, method, path, browser=None, length=100 << 20):
    """The answer's status to a body of that many bytes, of which as much is sent as is taken."""
    cookie = "; ".join(f"{k}={v}" for k, v in browser.http.cookies.get_dict().items()) if browser else ""
    head = (f"{method} /api{path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
            f"Cookie: {cookie}\r\nX-CSRF-Token: {browser.csrf if browser else ''}\r\nConnection: close\r\n\r\n")
    with socket.create_connection(("127.0.0.1", world.port()), timeout=PATIENCE) as wire:
        wire.sendall(head.encode())
        try:
            for _ in range(length >> 20):
                wire.sendall(b"[" * (1 << 20))
        except OSError:
            pass  # it stopped reading
        try:
            answer = wire.recv(100)
        except OSError:
            return None
    return int(answer.split()[1]) if answer.startswith(b"HTTP/") else None


def test_a_body_of_100_megabytes_is_refused_by_every_operation(world):
    """Logged in as who may, without any login, and for operations that want no body: nothing of it is kept."""
    before = resident(world.service)
    for operation, (method, path, described) in EVERY.items():
        if method == "GET":
            continue
        path = path.replace("{", "").replace("}", "")
        status = begin_large(world, method, path, world["chief"])
        assert status in (413, None), (operation, status)
    for operation in ("logIn", "storePhoto", "submitReport"):
        assert begin_large(world, EVERY[operation][0], EVERY[operation][1]) in (413, None)
    grew_little(world.service, before, 32 << 20)
    assert world["chief"].ask("readDesk").status_code == 200


# --- who is logged in, again ---


def test_the_token_of_a_step_is_none_at_the_next(world):
    """Whoever learnt or planted the token of an unfinished login has nothing once it is finished, however it goes on."""
    browser = world.fresh("staff")
    secret = browser.do("beginTotp")["secret"]
    browser.csrf = browser.do("confirmTotp", {"code": totp(secret, time.time())})["csrf_token"]
    later = Browser(world.base)
    assert later.log_in("staff").json()["stage"] == "totp"
    unfinished = later.http.cookies["wjz_session"]
    assert later.do("passTotp", {"code": totp(secret, time.time() + 30)})["stage"] == "open"
    assert later.http.cookies["wjz_session"] != unfinished
    thief = Browser(world.base)
    thief.http.cookies.set("wjz_session", unfinished)
    assert thief.ask("readSession").status_code == thief.ask("readDesk").status_code == 401
    assert thief.ask("passTotp", {"code": "000000"}).status_code in (401, 403)
    world.house.database.run("UPDATE console.account SET totp = NULL, totp_step = 0 WHERE login = 'staff'")


def test_codes_cannot_be_tried_through(world):
    """Six wrong codes lock the account as six wrong passwords do: the right one is of no use then."""
    browser = world.fresh("liaison")
    secret = browser.do("beginTotp")["secret"]
    browser.do("confirmTotp", {"code": totp(secret, time.time())})
    guesser = Browser(world.base)
    assert guesser.log_in("liaison").json()["stage"] == "totp"
    right = {totp(secret, time.time() + 30 * step) for step in range(-2, 3)}
    wrong = [code for code in ("000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777") if code not in right][:6]
    assert {guesser.ask("passTotp", {"code": code}).status_code for code in wrong} == {401}
    assert guesser.ask("passTotp", {"code": totp(secret, time.time() + 30)}).status_code == 401
    assert Browser(world.base).log_in("liaison", PASSWORD).status_code == 401
    world.house.database.run("UPDATE console.account SET totp = NULL, totp_step = 0, failures = 0, locked_until = NULL WHERE login = 'liaison'")
