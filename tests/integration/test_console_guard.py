"""What the administrators of security and of the audit are told by themselves."""

import re

import pytest

from console_tools import PEOPLE, Console
from wjzlib.wait import wait_until


@pytest.fixture(scope="module")
def console(module_house):
    module_house.start("notification", notification_http="127.0.0.1:0")
    module_house.wjz("demo", "load", check=False)  # the feed wants intake, which is not needed here
    console = Console(module_house, console_follow_every="300ms", console_guard_every="10ms", console_views_alarm=3)
    return console.make_accounts({login: PEOPLE[login] for login in ("chief", "system", "security", "audit")})


def told(browser, template):
    return [notice for notice in browser.get("listNotices")["items"] if notice["template"] == template]


def test_who_opens_unusually_many_records_is_told_of_once(console):
    for _ in range(3):
        console["chief"].ask("downloadClues")
    assert not told(console["security"], "views_unusual")
    # However the hour turns meanwhile, at some time there are too many in one.
    wait_until(lambda: console["chief"].ask("downloadClues") and told(console["security"], "views_unusual"), what="told")
    notice = told(console["security"], "views_unusual")[0]
    assert console["chief"].get("readMe")["name"] in notice["body"]
    assert not told(console["chief"], "views_unusual") and not told(console["system"], "views_unusual")
    by_hour = console.house.database.rows("SELECT event, count(*) FROM notification.notice WHERE template = 'views_unusual' GROUP BY event")
    assert [count for _, count in by_hour] in ([1], [1, 1])  # the next hour may have begun meanwhile


def test_a_rewritten_audit_does_not_hold_against_what_was_told(console):
    wait_until(lambda: told(console["audit"], "audit_anchored"))
    digest = re.search(r"[0-9a-f]{64}", told(console["audit"], "audit_anchored")[0]["body"]).group()
    assert "first_bad" in console.house.wjz("--json", "audit", "verify", "--head", digest)
    status, _, errors = console.house.wjz("audit", "verify", "--head", "0" * 64, check=False)
    assert status == 1 and "unknown" in errors
    database = console.house.database
    database.run("ALTER TABLE console.audit DISABLE TRIGGER only_added")
    lane = database.value("SELECT heads->0->>1 FROM console.audit_anchor LIMIT 1")
    region = database.value("SELECT heads->0->>0 FROM console.audit_anchor LIMIT 1")
    database.run("DELETE FROM console.audit WHERE region = %s AND lane = %s", region, lane)
    database.run("DELETE FROM console.audit_head WHERE region = %s AND lane = %s", region, lane)
    assert console.house.wjz("audit", "verify", check=False)[0] == 0  # by itself it is a whole chain
    status, _, errors = console.house.wjz("audit", "verify", "--head", digest, check=False)
    assert status == 1 and "broken" in errors
