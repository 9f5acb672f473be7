"""The tests' own tools: what they promise to the tests that rely on them."""

import pytest

from wjzlib import metrics, wire
from wjzlib.service import House
from wjzlib.wait import wait_until


def test_a_database_is_migrated_and_fresh(cluster, database):
    assert database.value("SELECT count(*) FROM bus.instance") == 0
    database.run("INSERT INTO directory.holiday VALUES ('2026-10-01', false, '国庆节')")
    other = cluster.database()
    try:
        assert other.value("SELECT count(*) FROM directory.holiday") == 0
        assert database.row("SELECT working, name FROM directory.holiday") == (False, "国庆节")
    finally:
        other.drop()


def test_a_role_is_used(database):
    connection = database.connect("wjz_scoring")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("wjz_scoring",)
    connection.close()


def test_a_restarted_server_is_reached_again(cluster, database):
    database.run("INSERT INTO directory.holiday VALUES ('2026-10-01', false, '国庆节')")
    cluster.restart("immediate")
    assert wait_until(lambda: database.value("SELECT count(*) FROM directory.holiday")) == 1


def test_waiting_is_bounded():
    with pytest.raises(AssertionError, match="the impossible: not within 0.1 s, last 0"):
        wait_until(lambda: 0, 0.1, "the impossible")
    with pytest.raises(AssertionError, match="division"):
        wait_until(lambda: 1 / 0, 0.1)


def test_an_envelope_carries_its_message():
    refusal = wire.proto("envelope").Refusal(code=1, field="items[3]")
    cover = wire.envelope(refusal, region=510184, timeout=5)
    assert cover.type == "wjz.Refusal"
    assert cover.deadline_us == cover.created_at_us + 5_000_000
    assert wire.unpack(cover) == refusal


def test_metrics_are_read():
    found = metrics.parse('# HELP a x\n# TYPE a counter\na{queue="q",type="t"} 2\na{queue="r"} 3\nb 1e3\n')
    assert metrics.total(found, "a") == 5
    assert metrics.total(found, "a", queue="q") == 2
    assert metrics.total(found, "b") == 1000


@pytest.mark.parametrize(
    "line",
    [
        'time=x level=error event="message refused"',
        "x.c:1:2: runtime error: shift exponent 32 is too large",
        "==7==ERROR: LeakSanitizer: detected memory leaks",
        "weijianzhi-x: a.c:1: f: Assertion `b' failed.",
    ],
)
def test_a_bad_line_is_found(database, line):
    house = House(database)
    (house.home / "log" / "x.log").write_text(
        f'time=x level=info event="ready"\n{line}\n'
        "==7==WARNING: ASan doesn't fully support makecontext/swapcontext functions and may produce false positives\n"
    )
    assert house.bad_lines() == [f"x.log: {line}"]
    house.expect_log("refused|shift|leaks|Assertion")
    house.close()
