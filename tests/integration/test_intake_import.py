"""Files: read through mapping profiles, resumable, told row by row what was wrong, changing nothing the second time."""

import contextlib
import csv
import hashlib
import io
import os
import pathlib

import openpyxl
import pytest
from intake_tools import REGION, ask_intake, assert_bilingual, define_feed, emitted, feed_name, pb, wait_until
from wjzlib import wire
from wjzlib.wait import PATIENCE
from xls_maker import to_xls

STAGE = pb().ImportState
DATA = pathlib.Path(os.environ.get("WJZ_DATA", "../shared/data"))


@pytest.fixture(scope="module")
def intake(module_house):
    return module_house.start("intake", door="", http="", old_workbooks=True)


@pytest.fixture
def db(module_house):
    return module_house.database


def upload(house, feed, data, name="file.csv", dry_run=False, chunk=1 << 20):
    begun = ask_intake(
        house,
        pb().BeginImport(
            feed=feed, file_name=name, size=len(data), sha256=hashlib.sha256(data).digest(), dry_run=dry_run, actor="tester"
        ),
    )
    at = begun.received
    while at < len(data):
        taken = ask_intake(house, pb().ImportChunk(**{"import": getattr(begun, "import"), "offset": at, "data": data[at : at + chunk]}))
        assert taken.received > at
        at = taken.received
    return begun


def describe(house, begun):
    return ask_intake(house, pb().DescribeImport(**{"import": getattr(begun, "import")}))


def import_file(house, feed, data, timeout=PATIENCE, **how):
    begun = upload(house, feed, data, **how)
    wait_until(lambda: describe(house, begun).stage in (STAGE.FINISHED, STAGE.FAILED), timeout, "import ended")
    return describe(house, begun)


def counts(state):
    return state.accepted, state.duplicate, state.revised, state.rejected


def errors(db, state):
    return db.rows(
        "SELECT line, field, code, taken FROM intake.import_error WHERE import = %s ORDER BY sheet, line, number", getattr(state, "import")
    )


def to_csv(*rows, encoding="utf-8"):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(encoding)


def to_xlsx(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


HEADER = ["工单编号", "标题", "内容", "受理时间", "满意度"]


@pytest.fixture
def feed(module_house, intake, request):
    name = feed_name("i", request)
    define_feed(module_house, name)
    return name


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_file_in_every_encoding(module_house, intake, db, encoding):
    define_feed(module_house, f"enc-{encoding}")
    data = to_csv(
        ["2026年三月工单导出", "", "", "", ""],
        HEADER,
        ["GD1", "垃圾", "有人倾倒垃圾，\n多次反映", "2026/3/5 9:07", "不满意"],
        ["GD2", "噪音", "噪音扰民", "2026年3月6日", "非常满意"],
        ["合计", "2", "", "", ""],
        encoding=encoding,
    )
    state = import_file(module_house, f"enc-{encoding}", data)
    assert (state.stage, state.error) == (STAGE.FINISHED, "")
    assert counts(state) == (2, 0, 0, 0) and state.rows == state.rows_total == 2
    assert state.encoding == ("GB18030" if encoding == "gb18030" else "UTF-8") and state.profile == "hotline-12345"
    rows = db.rows(
        "SELECT external_id, content, received_at AT TIME ZONE 'Asia/Shanghai', satisfaction FROM intake.complaint_for_scoring"
        " WHERE region = %s AND feed = %s ORDER BY external_id",
        REGION,
        f"enc-{encoding}",
    )
    assert [(r[0], r[1].replace("\r", ""), str(r[2]), r[3]) for r in rows] == [
        ("GD1", "有人倾倒垃圾，\n多次反映", "2026-03-05 09:07:00", pb().DISSATISFIED),
        ("GD2", "噪音扰民", "2026-03-06 00:00:00", pb().VERY_SATISFIED),
    ]


def test_an_old_workbook(module_house, db, feed):
    data = to_xls(
        ["一季度工单"],
        ["工单编号", "标题", "内容", "受理时间", "催办次数"],
        [188039, "路灯", "路灯不亮", 45356.379861111112, 2],
        ["GD2", "噪音", None, "2024年3月6日"],
        ["GD3", None, None, None],
    )
    state = import_file(module_house, feed, data, name="old.xls")
    assert counts(state) == (2, 0, 0, 1) and state.encoding == "XLS"
    rows = db.rows(
        "SELECT external_id, content, received_at AT TIME ZONE 'Asia/Shanghai', urge_count FROM intake.complaint_for_scoring"
        " WHERE region = %s AND feed = %s ORDER BY external_id",
        REGION,
        feed,
    )
    assert [(r[0], r[1], str(r[2]), r[3]) for r in rows] == [
        ("188039", "路灯不亮", "2024-03-05 09:07:00", 2),
        ("GD2", "", "2024-03-06 00:00:00", 0),
    ]


def test_bad_rows_are_told_and_good_ones_taken(module_house, db, feed):
    data = to_csv(
        HEADER,
        ["GD1", "a", "好的一行", "2026-03-05", ""],
        ["", "b", "没有编号", "2026-03-05", ""],
        ["2.02403E+13", "c", "编号丢了位数", "2026-03-05", ""],
        ["GD4", "", "", "2026-03-05", ""],
        ["GD5", "d", "时间看不懂", "大概三月", "挺好"],
        ["GD6", "e", "好的另一行", "2026-03-05", "满意"],
    )
    state = import_file(module_house, feed, data)
    assert counts(state) == (3, 0, 0, 3)
    assert errors(db, state) == [
        (3, "工单编号", "missing", False),
        (4, "工单编号", "precision_lost", False),
        (5, "内容", "missing", False),
        (6, "受理时间", "unreadable", True),
        (6, "满意度", "unknown_value", True),
    ]
    unknown = db.value("SELECT received_at FROM intake.complaint_for_scoring WHERE region = %s AND feed = %s AND external_id = 'GD5'", REGION, feed)
    assert unknown is None, "a report time that is not known is not invented"


def test_the_same_file_again_changes_nothing(module_house, db, feed):
    data = to_csv(HEADER, *[[f"GD{n}", "t", f"内容{n}", "2026-03-05", ""] for n in range(1000)])
    first = import_file(module_house, feed, data)
    assert counts(first) == (1000, 0, 0, 0)
    told = len(emitted(db, "ComplaintsAccepted"))
    begun = upload(module_house, feed, data)
    assert begun.finished and begun.received == len(data)
    assert counts(describe(module_house, begun)) == (1000, 0, 0, 0)
    changed = to_csv(HEADER, *[[f"GD{n}", "t" if n else "另一个标题", f"内容{n}", "2026-03-05", ""] for n in range(1000)])
    assert counts(import_file(module_house, feed, changed)) == (0, 999, 1, 0)
    assert counts(import_file(module_house, feed, data + b"\r\n")) == (0, 1000, 0, 0), "an earlier version is no news"
    assert len(emitted(db, "ComplaintsAccepted")) == told + 1


def test_a_dry_run_counts_and_stores_nothing(module_house, db, feed):
    data = to_csv(HEADER, ["GD1", "t", "内容", "2026-03-05", ""], ["", "t", "内容", "2026-03-05", ""])
    assert counts(import_file(module_house, feed, data, dry_run=True)) == (1, 0, 0, 1)
    assert db.value("SELECT count(*) FROM intake.complaint_for_scoring WHERE feed = %s", feed) == 0
    assert counts(import_file(module_house, feed, data)) == (1, 0, 0, 1)


def test_an_upload_goes_on_where_it_stopped(module_house, feed):
    data = to_csv(HEADER, *[[f"GD{n}", "t", f"内容{n}" * 20, "2026-03-05", ""] for n in range(3000)])
    begun = ask_intake(
        module_house,
        pb().BeginImport(feed=feed, file_name="a.csv", size=len(data), sha256=hashlib.sha256(data).digest(), actor="tester"),
    )
    number = getattr(begun, "import")
    ask_intake(module_house, pb().ImportChunk(**{"import": number, "offset": 0, "data": data[:1000]}))
    with pytest.raises(wire.Refused) as refused:
        ask_intake(module_house, pb().ImportChunk(**{"import": number, "offset": 5000, "data": data[5000:6000]}))
    assert refused.value.refusal.code == wire.proto("envelope").Refusal.CONFLICT
    again = ask_intake(module_house, pb().ImportChunk(**{"import": number, "offset": 0, "data": data[:1000]}))
    assert again.received == 1000
    state = import_file(module_house, feed, data)
    assert getattr(state, "import") == number and counts(state) == (3000, 0, 0, 0)


def test_a_file_damaged_on_its_way_is_refused(module_house, feed):
    data = to_csv(HEADER, ["GD1", "t", "内容", "2026-03-05", ""])
    begun = ask_intake(
        module_house, pb().BeginImport(feed=feed, file_name="a.csv", size=len(data), sha256=b"\1" * 32, actor="tester")
    )
    ask_intake(module_house, pb().ImportChunk(**{"import": getattr(begun, "import"), "offset": 0, "data": data}))
    wait_until(lambda: describe(module_house, begun).stage == STAGE.FAILED, what="import failed")
    assert "SHA-256" in describe(module_house, begun).error


@pytest.mark.parametrize(
    "data, said",
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(range(32)) * 40, "no text"),
        (b"PK\x03\x04 not a zip at all", "no XLSX workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "no readable XLS"),
        ("甲,乙\n1,2\n".encode(), "no row with the columns"),
    ],
    ids=["picture", "zip", "xls", "header"],
)
def test_what_is_no_table_fails_with_a_reason(module_house, feed, data, said):
    state = import_file(module_house, feed, data)
    assert state.stage == STAGE.FAILED and said in state.error
    assert_bilingual(state.error)


def test_requests_that_make_no_sense(module_house, feed):
    for values, field in (
        (dict(feed="nobody"), "feed"),
        (dict(size=0), "size"),
        (dict(size=1 << 60), "size"),
        (dict(sha256=b"short"), "sha256"),
        (dict(file_name=""), "file_name"),
    ):
        fields = dict(feed=feed, file_name="a.csv", size=10, sha256=b"\1" * 32, actor="tester")
        fields.update(values)
        with pytest.raises(wire.Refused) as refused:
            ask_intake(module_house, pb().BeginImport(**fields))
        assert refused.value.refusal.field == field
    for question in (pb().DescribeImport(**{"import": 1}), pb().ImportChunk(**{"import": 1, "offset": 0, "data": b"x"})):
        with pytest.raises(wire.Refused) as refused:
            ask_intake(module_house, question)
        assert refused.value.refusal.code == wire.proto("envelope").Refusal.NOT_FOUND


@pytest.mark.parametrize("size, said", [(0, "the file is empty"), (1 << 60, "more bytes than one import takes")])
def test_a_file_of_no_size_that_can_be_is_refused_with_the_remedy(module_house, feed, size, said):
    with pytest.raises(wire.Refused) as refused:
        ask_intake(module_house, pb().BeginImport(feed=feed, file_name="a.csv", size=size, sha256=b"\1" * 32, actor="tester"))
    told = refused.value.refusal
    assert told.value == str(size) and said in told.message and told.remedy


def test_files_that_nobody_goes_on_with_are_forgotten(module_house, db, feed):
    """Names and telephones stand in them in clear."""
    broken = "甲,乙\n张三,13800001111\n".encode()
    failed = import_file(module_house, feed, broken)
    assert failed.stage == STAGE.FAILED
    whole = to_csv(HEADER, *[[f"GD{n}", "t", f"内容{n}", "2026-03-05", ""] for n in range(3)])
    file = dict(feed=feed, file_name="a.csv", size=len(whole), sha256=hashlib.sha256(whole).digest(), actor="tester")
    begun = getattr(ask_intake(module_house, pb().BeginImport(**file)), "import")
    ask_intake(module_house, pb().ImportChunk(**{"import": begun, "offset": 0, "data": whole[:20]}))
    kept = "SELECT count(*) FROM intake.import_chunk WHERE import = ANY (%s)"
    numbers = [getattr(failed, "import"), begun]
    assert db.value(kept, numbers) == 2
    db.run(
        "UPDATE intake.import SET begun_at = begun_at - interval '8 days', finished_at = finished_at - interval '8 days' WHERE id = ANY (%s)", numbers
    )
    module_house.start("intake", door="", http="", forget_every="1s")
    wait_until(lambda: db.value(kept, numbers) == 0, what="both files forgotten")
    again = import_file(module_house, feed, broken)
    assert again.stage == STAGE.FAILED and again.error == failed.error
    assert import_file(module_house, feed, whole).accepted == 3


def test_a_file_for_a_feed_that_is_shut_is_refused(module_house, feed):
    define_feed(module_house, feed, disabled=True)
    with pytest.raises(wire.Refused) as refused:
        ask_intake(module_house, pb().BeginImport(feed=feed, file_name="a.csv", size=10, sha256=b"\1" * 32, actor="tester"))
    told = refused.value.refusal
    assert told.code == wire.proto("envelope").Refusal.FORBIDDEN and told.field == "feed" and "--enable" in told.remedy


def test_id_numbers_are_not_kept_by_imports(module_house, db, feed):
    data = to_csv(
        ["工单编号", "内容", "诉求人", "身份证号"],
        ["GD1", "一", "张三", "51018419900101123x"],
        ["GD2", "二", "张某", "51018419900101123X"],
    )
    assert counts(import_file(module_house, feed, data)) == (2, 0, 0, 0)
    hashes = {row[0] for row in db.rows("SELECT reporter_hash FROM intake.complaint_for_scoring WHERE feed = %s", feed)}
    assert len(hashes) == 1 and hashes != {0}


def test_every_row_of_messages_survives_missing_and_repeated_numbers(module_house, intake, db):
    header = ["留言编号", "留言用户", "留言主题", "留言时间", "留言详情", "反对数", "点赞数"]
    data = to_xlsx(
        header,
        [101, "A1", "路灯", "2019/8/19 11:48:23", "\n\t路灯不亮\n", 0, 3],
        [101, "A2", "噪音", "2019/8/20 11:48:23", "夜间施工", 0, 3],
        [101, "A1", "路灯", "2019/8/19 11:48:23", "\n\t路灯不亮\n", 0, 3],
        [None, "A3", "水", "2019/8/21", "停水", 0, 0],
        [None, "A3", "水", "2019/8/21", "停水", 0, 0],
    )
    state = import_file(module_house, "city-messages", data, name="messages.xlsx")
    assert counts(state) == (4, 1, 0, 0) and state.encoding == "XLSX"
    ids = [row[0] for row in db.rows("SELECT external_id FROM intake.complaint_for_scoring WHERE feed = 'city-messages' ORDER BY 1")]
    assert ids[:2] == ["101", "101#2"] and len(ids) == 4 and all(id.startswith("~") for id in ids[2:])
    content = db.value("SELECT content FROM intake.complaint_for_scoring WHERE feed = 'city-messages' AND external_id = '101'")
    assert content == "\n\t路灯不亮\n", "what was written stays as it was written"


def test_enforcement_columns(module_house, intake, db):
    data = to_csv(
        ["行政处罚决定书文号", "行政相对人名称", "罚款金额(万元)", "处罚决定日期", "是否移送公安", "行政相对人代码_1(统一社会信用代码)"],
        ["崇罚〔2026〕1号", "某厂", "1.5", "2026-01-05", "否", "91510184MA6XXXXX1A"],
    )
    state = import_file(module_house, "administrative-enforcement", data)
    assert counts(state) == (1, 0, 0, 0)
    row = db.row("SELECT fine_fen, decided_on::text, transferred_to_police, credit_code FROM intake.enforcement_for_scoring")
    assert row == (1_500_000, "2026-01-05", pb().NO, "91510184MA6XXXXX1A")


HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"


@contextlib.contextmanager
def held_on_the_way(database):
    """Until the end, an import waits where it would write down that it has read more than its first rows."""
    database.run(
        "CREATE FUNCTION public.hold() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(77); RETURN NEW; END'"
    )
    database.run("CREATE TRIGGER hold BEFORE UPDATE ON intake.import FOR EACH ROW WHEN (OLD.rows_read > 0) EXECUTE FUNCTION public.hold()")
    with contextlib.closing(database.connect()) as held:
        held.cursor().execute("SELECT pg_advisory_xact_lock(77)")
        yield
    database.run("DROP TRIGGER hold ON intake.import")


def test_a_killed_instance_leaves_its_import_to_another(house):
    first = house.start("intake", door="", http="")
    define_feed(house, "big")
    data = to_csv(HEADER, *[[f"GD{n}", "t", f"内容{n}" * 40, "2026-03-05", ""] for n in range(20000)])
    progress = "SELECT rows_read FROM intake.import WHERE id = %s"
    with held_on_the_way(house.database):
        number = getattr(upload(house, "big", data), "import")
        wait_until(lambda: house.database.value(HELD) > 0, what="it is on the way")
        first.kill()
    read = house.database.value(progress, number)
    assert 0 < read < 20000, "it was killed on the way"
    house.start("intake", door="", http="")
    done = "SELECT stage, accepted, duplicate, revised, rejected FROM intake.import WHERE id = %s"
    wait_until(lambda: house.database.value("SELECT stage FROM intake.import WHERE id = %s", number) == STAGE.FINISHED, PATIENCE * 5, "import resumed")
    assert house.database.row(done, number) == (STAGE.FINISHED, 20000, 0, 0, 0)
    assert house.database.value("SELECT count(*) FROM intake.complaint") == 20000
    assert house.database.value("SELECT count(*) FROM intake.import_chunk") == 0


@pytest.mark.skipif(not DATA.is_dir(), reason="the real workbooks are not here")
@pytest.mark.parametrize(
    "feed, file, rows",
    [("city-messages", "city-messages-2019.xlsx", 2136), ("province-messages", "province-messages-with-replies.xlsx", 2816)],
)
def test_no_row_of_the_real_workbooks_is_lost(house, feed, file, rows):
    house.start("intake", door="", http="")
    state = import_file(house, feed, (DATA / file).read_bytes(), name=file)
    assert counts(state) == (rows, 0, 0, 0)
    unknown = house.database.value("SELECT count(*) FROM intake.complaint WHERE received_at IS NULL OR reporter_hash = 0")
    assert unknown == 0
