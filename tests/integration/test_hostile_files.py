"""Hostile files: what would blow up when unpacked, what would run when opened, what points elsewhere. Told in the import's state, and
nothing of them stored but rows that are rows."""

import csv
import hashlib
import io
import os
import re
import struct
import time
import zipfile

import openpyxl
import pytest
import requests
from hostile_tools import Bystander, Counted, grew_little, resident, stored
from intake_tools import ask_intake, assert_bilingual, define_feed, pb
from wjzlib import wire
from wjzlib.wait import PATIENCE, wait_until
from xls_maker import to_xls

STAGE = pb().ImportState
Refusal = wire.proto("envelope").Refusal
HEADER = ["工单编号", "标题", "内容", "受理时间", "满意度"]
GOOD = ["GD1", "垃圾", "有人倾倒垃圾", "2026-03-05 09:07", "不满意"]


@pytest.fixture(scope="module")
def intake(module_house):
    return module_house.start("intake", door="tcp://127.0.0.1:*", http="127.0.0.1:0", import_bytes="64M")


@pytest.fixture(scope="module")
def bystander(module_house, intake):
    made = Bystander(module_house, intake)
    yield made
    made.close()


@pytest.fixture
def feed(module_house, intake, request):
    name = "x-" + hashlib.sha256(request.node.name.encode()).hexdigest()[:16]
    define_feed(module_house, name)
    return name


@pytest.fixture
def db(module_house):
    return module_house.database


@pytest.fixture
def take(module_house, feed, bystander):
    """Imports bytes as a file while another feed pushes; its state at the end."""

    def run(data, name="file", timeout=PATIENCE):
        begun = ask_intake(module_house, pb().BeginImport(feed=feed, file_name=name, size=len(data), sha256=hashlib.sha256(data).digest(), actor="tester"))
        number = getattr(begun, "import")
        for at in range(begun.received, len(data), 1 << 20):
            ask_intake(module_house, pb().ImportChunk(**{"import": number, "offset": at, "data": data[at : at + (1 << 20)]}))

        def ended():
            bystander.still_served()
            state = ask_intake(module_house, pb().DescribeImport(**{"import": number}))
            return state if state.stage in (STAGE.FINISHED, STAGE.FAILED) else None

        return wait_until(ended, timeout, "import ended")

    return run


def to_csv(*rows):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def to_xlsx(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rezip(data, replace=None, extra=None, level=9):
    """The workbook with parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as new:
        for name in old.namelist():
            new.writestr(name, (replace or {}).get(name, old.read(name)))
        for name, content in {**(replace or {}), **(extra or {})}.items():
            if name not in old.namelist():
                new.writestr(name, content)
    return out.getvalue()


BOOK = to_xlsx(HEADER, GOOD)
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def fails(state, *words):
    assert state.stage == STAGE.FAILED, state
    assert_bilingual(state.error)
    for word in words:
        assert word in state.error, state.error
    assert state.accepted == 0


# --- workbooks that blow up ---


def row_of(cells):
    return "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells) + "</row>"


def sheet(body, head=""):
    return f'<?xml version="1.0"?>{head}<worksheet {NAMESPACE}><sheetData>{body}</sheetData></worksheet>'


BOMBS = {
    "spaces": {SHEET: sheet(" " * (200 << 20))},
    "empty rows": {SHEET: sheet("<row/>" * (30 << 20))},
    "strings": {STRINGS: f'<sst {NAMESPACE}>' + "<si/>" * (30 << 20) + "</sst>"},
    "relationships": {"xl/_rels/workbook.xml.rels": "<Relationships>" + "<Relationship/>" * (10 << 20) + "</Relationships>"},
}


@pytest.mark.parametrize("parts", BOMBS.values(), ids=BOMBS)
def test_a_workbook_that_unpacks_to_more_than_it_should(intake, take, parts):
    data = rezip(BOOK, parts)
    assert len(data) < 4 << 20
    before = resident(intake)
    fails(take(data), "unpacks to more than")
    grew_little(intake, before, 200 << 20)


PADDING = f"<!--{os.urandom(300_000).hex()}-->"  # so that it does not look packed too well
SLOW_BOMBS = {
    "strings": {STRINGS: f"<sst {NAMESPACE}>{PADDING}" + "<si/>" * (15 << 20) + "</sst>"},
    "rows": {SHEET: sheet(PADDING + "<row/>" * (10 << 20))},
    "cells": {SHEET: sheet(PADDING + "<row>" + "<c/>" * (15 << 20) + "</row>")},
    "a row of texts": {SHEET: sheet(PADDING + "<row>" + "<c t='inlineStr'><is><t>xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx</t></is></c>" * (1 << 20) + "</row>")},
    "styles": {"xl/styles.xml": f"<styleSheet {NAMESPACE}>{PADDING}<numFmts>" + "<numFmt/>" * (5 << 20) + "</numFmts><cellXfs>" + "<xf/>" * (5 << 20) + "</cellXfs></styleSheet>"},
}


@pytest.mark.slow
@pytest.mark.parametrize("parts", SLOW_BOMBS.values(), ids=SLOW_BOMBS)
def test_a_workbook_of_very_much_nothing(intake, take, parts):
    """Not refused for its size: read to the end or to a limit, in little memory, while others are served."""
    before = resident(intake)
    state = take(rezip(BOOK, parts), timeout=PATIENCE * 5)
    assert state.stage == STAGE.FINISHED or state.error
    grew_little(intake, before, 160 << 20)


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij")) + "]>"
OUTSIDE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
PARAMETER = '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/evil.dtd"> %p;]>'
DEFAULTS = '<!DOCTYPE x [<!ENTITY a "' + "x" * 1000 + '"><!ENTITY b "' + "&a;" * 1000 + '"><!ATTLIST row r CDATA "' + "&b;" * 1000 + '">]>'


@pytest.mark.parametrize("head, reference", [(LAUGHS, "&j;"), (OUTSIDE, "&e;"), (PARAMETER, ""), (DEFAULTS, "")], ids=["laughs", "file", "parameter", "defaults"])
@pytest.mark.parametrize("part", [SHEET, STRINGS, "xl/workbook.xml", "xl/styles.xml"])
def test_documents_types_and_entities(intake, db, feed, take, part, head, reference):
    with zipfile.ZipFile(io.BytesIO(BOOK)) as book:
        old = book.read(part).decode() if part in book.namelist() else f"<sst {NAMESPACE}></sst>"
    old = re.sub(r"^<\?xml.*?\?>", "", old)
    old = old.replace("</sst>", f"<si><t>{reference}</t></si></sst>") if part == STRINGS else old
    began = time.monotonic()
    state = take(rezip(BOOK, {part: head + old}))
    fails(state)
    assert "root:" not in state.error and time.monotonic() - began < PATIENCE
    assert stored(db, feed)["complaint"] == 0


BROKEN = {
    "cut off": BOOK[: len(BOOK) // 2],
    "only a mark": b"PK\x03\x04" + b"\0" * 100,
    "directory destroyed": BOOK[:-40] + b"\xff" * 40,
    "data destroyed": BOOK[:60] + bytes(b ^ 0x5A for b in BOOK[60 : BOOK.rindex(b"PK\1\2") - 1000]) + BOOK[BOOK.rindex(b"PK\1\2") - 1000 :],
    "no workbook": rezip(to_xlsx(), {"xl/workbook.xml": ""}),
    "no XML": rezip(BOOK, {SHEET: b"\0\1\2" * 1000}),
    "XML cut off": rezip(BOOK, {SHEET: sheet(row_of(HEADER))[:-30]}),
    "deep": rezip(BOOK, {SHEET: sheet("<a>" * 5000)}),
    "string that is not there": rezip(BOOK, {SHEET: sheet('<row><c t="s"><v>99999999999999999999</v></c></row>')}),
    "sheet elsewhere": rezip(BOOK, {"xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Target="../../../../../../etc/passwd"/></Relationships>'}),
    "sheet far away": rezip(BOOK, {"xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Target="http://127.0.0.1:1/x.xml" TargetMode="External"/></Relationships>'}),
    "old workbook, noise": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(range(256)) * 40,
    "old workbook, huge sectors": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 62, 3, 0xFFFE, 31, 31) + b"\xff" * 1000,
    "picture": b"\x89PNG\r\n\x1a\n" + os.urandom(5000).replace(b"\n", b"\0"),
    "program": b"\x7fELF" + b"\0\1\2\3" * 2000,
    "nothing to see": b"\n" * 10_000,
    "NULs": b"\0" * 10_000,
    "PDF": b"%PDF-1.7\n" + b"1 0 obj\n" * 100,
    "JSON": b'[{"a":1}]' * 100,
    "zip in zip": rezip(BOOK, {SHEET: BOOK}),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_what_is_no_table_fails_with_a_reason(intake, take, db, feed, data):
    with Counted(intake, "wjz_intake_imports_total", result="failed") as seen:
        fails(take(data))
        seen.reaches(1)
    assert stored(db, feed)["complaint"] == 0


def test_old_workbooks_are_refused_unless_they_are_wanted(take):
    fails(take(to_xls(HEADER, GOOD)), "old workbooks", "old_workbooks=yes")


def test_parts_that_point_out_of_the_archive_are_only_names(take, tmp_path):
    mark = f"wjz-{os.getpid()}"
    data = rezip(BOOK, extra={f"../../../../../../tmp/{mark}": "x", f"/tmp/{mark}": "x", "a\\..\\b": "x", "xl/\u0000x": "x"})
    assert take(data).accepted == 1 and not os.path.exists(f"/tmp/{mark}")


def test_names_of_files_are_only_texts(module_house, feed, take, db):
    for name in ("../../../../etc/cron.d/x", "/etc/passwd", "a\nb", "x'; DROP TABLE intake.import; --", "数据.xlsx", "-rf", "%s%n"):
        assert take(to_csv(HEADER, [f"GD-{name}", *GOOD[1:]]), name=name).stage == STAGE.FINISHED
        assert db.value("SELECT count(*) FROM intake.import WHERE file_name = %s", name) == 1
    for name in ("", "x" * 401):
        with pytest.raises(wire.Refused) as caught:
            take(b"x", name=name)
        assert (caught.value.refusal.code, caught.value.refusal.field) == (Refusal.INVALID, "file_name")


# --- cells ---

FORMULAS = ["=1+1", "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", '=HYPERLINK("http://x","y")', "=IMPORTXML(\"http://x\")", "＝1＋1"]


def test_formulas_are_texts(module_house, intake, feed, take, db):
    rows = [[f"F{n}", text, text, "2026-03-05", ""] for n, text in enumerate(FORMULAS)]
    assert take(to_csv(HEADER, *rows)).accepted == len(FORMULAS)
    titles = [title for (title,) in db.rows("SELECT c.title FROM intake.complaint c JOIN intake.feed f ON f.number = c.feed WHERE f.name = %s ORDER BY c.external_id", feed)]
    assert [t.strip() for t in titles] == [t.strip() for t in FORMULAS]


def test_the_file_of_errors_runs_nothing_when_it_is_opened(module_house, intake, feed, take):
    rows = [["", text, text, text, text] for text in FORMULAS] + [[f"E{n}", "a", "b", text, text] for n, text in enumerate(FORMULAS)]
    state = take(to_csv(HEADER, *rows))
    key = define_feed(module_house, feed).bearer_key
    port = re.search(r'event="http door open" port=(\d+)', intake.text()).group(1)
    answer = requests.get(f"http://127.0.0.1:{port}/v1/feeds/{feed}/imports/{getattr(state, 'import')}/errors", headers={"Authorization": f"Bearer {key}"}, timeout=PATIENCE)
    told = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(told) > len(FORMULAS)
    for line in told[1:]:
        assert not any(cell and cell[0] in "=+-@\t\r" for cell in line), line


def test_a_formula_in_a_workbook_counts_as_what_it_showed(take, db, feed):
    cells = '<c t="str"><f>WEBSERVICE("http://127.0.0.1:1")</f><v>GD9</v></c><c t="str"><f>1/0</f><v>标题</v></c><c t="e"><f>1/0</f><v>#DIV/0!</v></c>'
    state = take(rezip(BOOK, {SHEET: sheet(row_of(HEADER) + f"<row>{cells}</row>")}))
    assert state.stage == STAGE.FINISHED and state.accepted + state.rejected == 1


def test_cells_of_noise_refuse_their_rows_alone(take, db, feed):
    rows = [HEADER]
    for n, bad in enumerate(("\x01\x02", "\u202e\u2066", "x" * 300_000, "9" * 500, "1e999", "-1", "\ufffe", "' OR 1=1 --", "2026-99-99 99:99", "0001-01-01", "9999999999999999")):
        rows += [[f"GD{n}-{i}", *[bad if i == j else "好" for j in range(1, 3)], bad if i == 3 else "2026-03-05", bad if i == 4 else ""] for i in range(1, 5)]
        rows.append([bad, "好", "好", "2026-03-05", ""])
    state = take(to_csv(*rows))
    assert state.stage == STAGE.FINISHED and state.rows == len(rows) - 1
    assert state.accepted + state.rejected + state.duplicate + state.revised == len(rows) - 1 and state.rejected >= 3


LINES = {
    "one of 20 MB": b"a" * (20 << 20),
    "one of 20 MB in quotation marks": b'"' + b"a" * (20 << 20) + b'"',
    "quotation marks without end": b'"a\n' * (5 << 20),
    "20 million cells": b"," * (20 << 20),
    "20 million lines": b"\n" * (20 << 20),
    "20 million quotation marks": b'"' * (20 << 20),
    "carriage returns": b"\r" * (20 << 20),
    "no text": bytes(range(128, 256)) * (20 << 13),
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_long_line_does_not_stop_the_lines_around_it(intake, feed, take, db, line):
    """Whatever comes of the file: it ends, in bounded memory, while others are served."""
    before = resident(intake)
    data = to_csv(HEADER, GOOD) + line + b"\n" + to_csv(["GD2", *GOOD[1:]])
    state = take(data, timeout=PATIENCE * 5)
    assert state.stage == STAGE.FINISHED and state.accepted >= 1 or state.error, state
    grew_little(intake, before, 160 << 20)


# --- the questions themselves ---


def test_questions_about_imports_that_are_none(module_house, intake, feed):
    def refused(question):
        with pytest.raises(wire.Refused) as caught:
            ask_intake(module_house, question)
        assert caught.value.refusal.message and caught.value.refusal.remedy
        return caught.value.refusal.code, caught.value.refusal.field

    good = dict(feed=feed, file_name="a.csv", size=10, sha256=b"x" * 32, actor="t")
    assert refused(pb().BeginImport(**{**good, "feed": "nobody"})) == (Refusal.NOT_FOUND, "feed")
    for size in (0, (64 << 20) + 1, 1 << 30, 2**64 - 1):
        assert refused(pb().BeginImport(**{**good, "size": size})) == (Refusal.TOO_LARGE, "size")
    for sha in (b"", b"x" * 31, b"x" * 1_000_000):
        assert refused(pb().BeginImport(**{**good, "sha256": sha})) == (Refusal.INVALID, "sha256")
    assert refused(pb().BeginImport(**{**good, "actor": "x" * 201})) == (Refusal.INVALID, "actor")
    for number in (0, 1, 2**63, 2**64 - 1):
        assert refused(pb().DescribeImport(**{"import": number})) == (Refusal.NOT_FOUND, "import")
        assert refused(pb().ImportChunk(**{"import": number, "data": b"x"})) == (Refusal.NOT_FOUND, "import")
    number = getattr(ask_intake(module_house, pb().BeginImport(**good)), "import")
    assert refused(pb().ImportChunk(**{"import": number, "data": b"x" * 11})) == (Refusal.INVALID, "data")
    assert refused(pb().ImportChunk(**{"import": number, "data": b""})) == (Refusal.TOO_LARGE, "data")
    assert refused(pb().ImportChunk(**{"import": number, "data": b"x" * ((1 << 20) + 1)})) == (Refusal.TOO_LARGE, "data")
    for offset in (1, 2**63, 2**64 - 1):
        assert refused(pb().ImportChunk(**{"import": number, "offset": offset, "data": b"x"})) == (Refusal.CONFLICT, "offset")


def test_a_file_that_is_not_what_was_announced(module_house, db, feed):
    data = to_csv(HEADER, GOOD)
    begun = ask_intake(module_house, pb().BeginImport(feed=feed, file_name="a.csv", size=len(data), sha256=b"x" * 32, actor="t"))
    number = getattr(begun, "import")
    ask_intake(module_house, pb().ImportChunk(**{"import": number, "offset": 0, "data": data}))
    state = wait_until(lambda: (s := ask_intake(module_house, pb().DescribeImport(**{"import": number}))).stage == STAGE.FAILED and s, what="failed")
    assert state.error and stored(db, feed)["complaint"] == 0
