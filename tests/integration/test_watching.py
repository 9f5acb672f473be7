"""Watch lists, saved searches, area warnings, scans and similar cases: scoring as a process on a real server."""

import datetime
import json
import random
import time

import pytest

from test_scoring import REGION, Intake, clue_of
from wjzlib import rounds, wire
from wjzlib.wait import civil_today, wait_until

CHIEF, HEAD, OTHER = "P-510184-001", "P-510184-002", "P-510184-003"
SOON = {"rounds_every": "100ms", "alarms_every": "100ms", "warnings_every": "100ms"}
DUMPING = ("{}河道倾倒垃圾", "{}的河道里倾倒了大量建筑垃圾和污水，影响全村人用水，反映多次仍未解决。")
VILLAGES = ["小罗村", "渔江村", "唐公村", "竹艺村", "五星村", "柿子村", "黎坝村"]


def ago(days):
    return datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days, hours=1)


def day_number(day):
    return (day - datetime.date(1970, 1, 1)).days


def fresh_id(number=0, minutes_ago=0):
    """As intake makes them: milliseconds since 2024, then a number."""
    return (int((time.time() - minutes_ago * 60) * 1000) - 1704067200000 << 22) + number


@pytest.fixture
def intake(house):
    made = Intake(house)
    run = house.database.run
    run("INSERT INTO directory.organ (code, name, level, region) VALUES ('JCY-510184', '崇州', 'county', %s)", REGION)
    for code, roles, branches in [(CHIEF, "{chief_procurator}", "{}"), (HEAD, "{branch_head}", "{public_interest}"),
                                  (OTHER, "{prosecutor}", "{civil}")]:
        run("INSERT INTO directory.person (region, code, organ, name, roles, branches)"
            " VALUES (%s, %s, 'JCY-510184', '甲', %s, %s)", REGION, code, roles, branches)
    yield made
    made.close()


@pytest.fixture
def scorers(house, intake):
    started = [house.start("scoring", **SOON), house.start("scoring", **SOON)]
    intake.wait_for(2)
    return started


class Desk:
    """Asks a scoring process as the console or wjz does."""

    def __init__(self, scorer, database):
        self.client = wire.Client(
            database.value("SELECT request_endpoint FROM bus.instance WHERE name = %s", scorer.instance)
        )

    def ask(self, proto, name, region=REGION, **fields):
        return self.client.ask(getattr(wire.proto(proto), name)(**fields), region=region)

    def watch(self, **fields):
        fields = {"title": "河道", "from_day": day_number(civil_today()) - 30, "alert_count": 3, "alert_days": 7,
                  "tell": [HEAD], "actor": CHIEF, **fields}
        return self.ask("watch", "DefineWatch", **fields).watch

    def refused(self, proto, name, **fields):
        with pytest.raises(wire.Refused) as refused:
            self.ask(proto, name, **fields)
        refusal = refused.value.refusal
        return type(refusal).Code.Name(refusal.code), refusal.field

    def close(self):
        self.client.close()


@pytest.fixture
def desk(scorers, database):
    made = Desk(scorers[0], database)
    yield made
    made.close()


def notices(database, template):
    """(recipient or role, event, values) of every notice asked for."""
    covers = database.rows("SELECT envelope FROM scoring.outbox WHERE destination = 'notification' ORDER BY id")
    bodies = [wire.unpack(wire.proto("envelope").Envelope.FromString(bytes(cover))) for (cover,) in covers]
    return [(n.person or n.role, n.event, dict(n.values)) for b in bodies for n in b.notices if n.template == template]


def hits(database, watch):
    return [row[0] for row in database.rows(
        "SELECT complaint FROM scoring.watch_hit WHERE watch = %s ORDER BY complaint", watch)]


def settled(database):
    """Nothing that scoring sent to itself is under way."""
    wait_until(lambda: database.value("SELECT count(*) FROM scoring.outbox WHERE destination = 'scoring'") == 0,
               what="complaints scored again")


# --- watch lists ---


def test_a_watch_acts_at_once_on_every_worker_and_on_what_came_before(intake, desk, database):
    intake.write(1, "食堂用预制菜", "学校食堂用预制菜", ago(3))
    intake.write(2, "食堂用预制菜", "学校食堂用预制菜", ago(60))
    intake.accept(1, 2)
    watch = desk.watch(words=["预制菜"])
    for number in range(3, 11):
        intake.write(number, "幼儿园午餐", "幼儿园午餐是预 制 菜，孩子不吃", ago(1))
        intake.tell("ComplaintsAccepted", [number])
    intake.write(11, "咨询社保", "请问社保怎么转", ago(1))
    intake.accept(11)
    wait_until(lambda: hits(database, watch) == [1, *range(3, 11)], what="hits")
    row = database.row("SELECT dated, field, span_from, word FROM scoring.watch_hit WHERE complaint = 3")
    assert row == (True, 2, 18, "预制菜")
    # A revision that does not say it any more is no hit any more; an ended watch keeps its hits and gets no new ones.
    intake.revise(3, "幼儿园午餐", "幼儿园午餐不错")
    intake.tell("FeedbackAccepted", [3])
    intake.wait_handled()
    assert hits(database, watch) == [1, *range(4, 11)]
    desk.ask("watch", "EndWatch", watch=watch, actor=CHIEF)
    intake.write(12, "预制菜", "预制菜", ago(0))
    intake.accept(12, 4)
    assert hits(database, watch) == [1, *range(4, 11)]
    assert desk.refused("watch", "EndWatch", watch=watch, actor=CHIEF) == ("NOT_FOUND", "watch")


def test_hits_depend_neither_on_order_nor_on_when_the_watch_was_defined(house, intake, desk, database):
    pick = random.Random(5)
    numbers = list(range(1, 61))
    for number in numbers:
        title, content = (text.format(pick.choice(VILLAGES)) for text in DUMPING)
        intake.write(number, title, content if number % 3 else "路灯不亮", ago(pick.randrange(20)))
    early = desk.watch(words=["建筑垃圾"], alert_count=1000)
    pick.shuffle(numbers)
    for number in numbers[:30]:
        intake.tell("ComplaintsAccepted", [number])
    middle = desk.watch(words=["建筑垃圾"], alert_count=1000)
    for number in numbers[30:]:
        intake.tell("ComplaintsAccepted", [number])
    intake.wait_handled()
    late = desk.watch(words=["建筑垃圾"], alert_count=1000)
    expected = [number for number in range(1, 61) if number % 3]
    for watch in (early, middle, late):
        wait_until(lambda: hits(database, watch) == expected, what="the same hits for every watch")
    wait_until(lambda: database.value("SELECT count(*) FROM scoring.watch WHERE swept_to IS NOT NULL") == 0)


def test_an_alarm_is_raised_once_each_time_the_threshold_is_crossed(intake, desk, database):
    watch = desk.watch(words=["河道"], tell=[HEAD, "operator"])

    def come(*numbers_and_days):
        for number, days in numbers_and_days:
            intake.write(number, *(text.format(VILLAGES[number % 7]) for text in DUMPING), ago(days))
        intake.accept(*(number for number, _ in numbers_and_days))
        wait_until(lambda: database.value("SELECT count(*) FROM scoring.watch_hit WHERE NOT counted") == 0,
                   what="hits seen by the alarm")

    come((1, 25), (2, 24), (3, 23))  # long over: kept, no news
    wait_until(lambda: database.value("SELECT count(*) FROM scoring.watch_alert") == 1, what="an alert")
    assert notices(database, "watch_alert") == []
    come((4, 3), (5, 2))
    assert database.value("SELECT count(*) FROM scoring.watch_alert") == 1
    come((6, 2))
    wait_until(lambda: database.value("SELECT count(*) FROM scoring.watch_alert WHERE told") == 1, what="an alarm")
    come((7, 1), (8, 1))
    rounds.done(database, "alarms", 3)
    told = notices(database, "watch_alert")
    assert sorted(to for to, _, _ in told) == [HEAD, "operator"]
    assert len({event for _, event, _ in told}) == 1
    assert told[0][2]["complaints"] == "3" and told[0][2]["watch"] == str(watch) and told[0][2]["undated"] == "0"
    assert database.row("SELECT complaints, clues FROM scoring.watch_alert WHERE told") == (5, 5)


def test_wishes_without_sense_are_refused(desk):
    good = {"title": "河道", "words": ["河道"], "from_day": 20000, "alert_count": 1, "alert_days": 1, "tell": [HEAD],
            "actor": CHIEF}
    for field, value in [("title", ""), ("actor", " "), ("words", ["a\x1fb"]), ("words", [""]), ("words", []),
                         ("words", ["字"] * 201), ("from_day", 0), ("to_day", 19999), ("alert_count", 0),
                         ("alert_days", 367), ("tell", []), ("tell", ["P-1"]), ("branch", ["none"]),
                         ("domain", ["none"]), ("domain", ["weather"]), ("town", [510184]), ("town", [510184999])]:
        assert desk.refused("watch", "DefineWatch", **{**good, field: value}) == ("INVALID", field), (field, value)
    assert desk.refused("watch", "DefineWatch", **good, watch=7) == ("NOT_FOUND", "watch")
    assert desk.refused("watch", "DefineWatch", **good, region=0) == ("INVALID", "region")
    search = {"title": "查询", "owner": HEAD}
    for field, value in [("title", ""), ("owner", "P-1"), ("least_stars", 6), ("kind", ["x"]), ("town", [1])]:
        assert desk.refused("watch", "SaveSearch", **{**search, field: value})[0] == "INVALID", (field, value)
    assert desk.refused("watch", "SaveSearch", **search, search=7) == ("NOT_FOUND", "search")
    assert desk.refused("watch", "DropSearch", owner=HEAD, search=7) == ("NOT_FOUND", "search")
    assert desk.refused("warning", "IssueWarning", warning=7, actor=CHIEF) == ("NOT_FOUND", "warning")
    assert desk.refused("warning", "ClearWarning", warning=7, actor=CHIEF) == ("INVALID", "note")
    assert desk.refused("similar", "FindSimilar", clue=7) == ("NOT_FOUND", "clue")
    assert desk.refused("similar", "FindSimilar", clue=7, limit=51) == ("INVALID", "limit")


# --- digests ---


def test_a_digest_goes_once_a_day_to_who_saved_the_search(intake, desk, database):
    def save(**fields):
        return desk.ask("watch", "SaveSearch", **{"title": "查询", "owner": HEAD, "digest": 1, **fields}).search

    release = rounds.hold(database, "digests")  # today's goes when all of this has come
    saved = save(domain=["eco_env"])
    quiet = save(domain=["food_drug"])
    never = save(digest=0)
    database.run("UPDATE scoring.saved_search SET digested_to = now() - interval '1 day'")
    ids = [fresh_id(n, minutes_ago=30) for n in range(3)]
    for number, village in zip(ids, VILLAGES):
        intake.write(number, *(text.format(village) for text in DUMPING), ago(1))
    secret = fresh_id(9, minutes_ago=30)
    intake.write(secret, *(text.format("五星村") for text in DUMPING), ago(1))
    database.run("UPDATE intake.complaint SET confidential = true WHERE id = %s", secret)
    intake.accept(*ids, secret)
    release()
    rounds.done(database, "digests", 3)
    [(to, event, values)] = notices(database, "search_digest")
    assert to == HEAD and event == f"search:{saved}:{civil_today()}"
    assert values["count"] == "3" and len(values["list"].splitlines()) == 3
    assert str(clue_of(database, secret)) not in values["list"]
    days = dict(database.rows("SELECT id, digested_on FROM scoring.saved_search"))
    assert days == {saved: civil_today(), quiet: civil_today(), never: None}
    with pytest.raises(wire.Refused):
        desk.ask("watch", "DropSearch", search=saved, owner=OTHER)
    desk.ask("watch", "DropSearch", search=saved, owner=HEAD)
    assert database.value("SELECT count(*) FROM scoring.saved_search") == 2


# --- area warnings ---


NAMES = "红星 宏达 金辉 绿源 永丰 东升 长河 兴旺 鑫源 和平 顺达 利民 天成 众兴 恒通 广源 佳禾 新隆 盛泰 万福".split()
KINDS = ["砖厂", "养殖场", "砂石场", "化工厂", "豆腐坊", "电镀厂"]
FACTS = ["夜间偷排污水，河水发黑发臭", "焚烧垃圾，浓烟刺鼻", "倾倒建筑垃圾，堵塞沟渠", "非法采砂，挖断河堤", "直排粪水，污染水井",
         "占用基本农田，硬化成停车场", "填埋危险废物，地里寸草不生", "砍伐古树名木，卖给木材贩子", "排放废气，庄稼枯死",
         "堆放污泥，蚊蝇成群", "盗采矿石，山体滑坡", "毁林开荒，水土流失"]


def dump_at(intake, number, village, days, **fields):
    """A matter of its own, against somebody of its own, worth three stars by any rules."""
    who = NAMES[number % len(NAMES)] + KINDS[number // len(NAMES) % len(KINDS)]
    fact = FACTS[number % len(FACTS)]
    content = f"{who}{fact}，{village}全村受害，反映多次仍未解决。"
    intake.write(number, f"{village}{who}{fact}", content, ago(days), satisfaction=5, **fields)


def dump_in(intake, village, first, count, days=5):
    for number in range(first, first + count):
        dump_at(intake, number, village, days)
    intake.accept(*range(first, first + count))


def warnings(database):
    return {(kind, domain): rest for kind, domain, *rest in database.rows(
        "SELECT unit_kind, domain, state, level, clue_count, unit, id FROM scoring.area_warning ORDER BY id")}


def own_stars(database):
    return dict(database.rows("SELECT id, own_stars FROM scoring.clue WHERE merged_into = 0"))


def test_an_area_is_warned_of_and_its_clues_know(intake, desk, database):
    release = rounds.hold(database, "warnings")  # before is what it was without a warning
    dump_in(intake, "小罗村", 1, 5)
    clues = database.value("SELECT count(*) FROM scoring.clue WHERE own_stars >= 3 AND merged_into = 0")
    before = dict(database.rows("SELECT id, index FROM scoring.clue WHERE merged_into = 0"))
    own = own_stars(database)
    assert clues == 5, own
    release()
    wait_until(lambda: warnings(database), what="a warning")
    rounds.done(database, "warnings")
    found = warnings(database)
    assert set(found) == {("village", "eco_env"), ("town", "eco_env")}
    state, level, count, unit, warning = found["village", "eco_env"]
    assert (state, level, count, unit) == ("proposed", 2, 5, "510184107201")
    told = notices(database, "area_warning")
    assert {to for to, _, _ in told} == {CHIEF, HEAD} and len(told) == 4
    assert told[0][2]["department"] == "生态环境局" and told[0][2]["level"] == "2"
    assert told[0][2]["previous"] == "0"

    def indexes():
        return dict(database.rows("SELECT id, index FROM scoring.clue WHERE merged_into = 0"))

    raised = {clue: min(100, index + 5) for clue, index in before.items()}
    wait_until(lambda: indexes() == raised, what="five points more")
    assert own_stars(database) == own  # the warning does not feed itself
    intake.accept(1, 2, 3, 4, 5)
    assert indexes() == raised

    answer = desk.ask("warning", "IssueWarning", warning=warning, actor=CHIEF, superior="成都市生态环境局")
    assert (answer.state, answer.level) == (2, 2)
    assert desk.refused("warning", "IssueWarning", warning=warning, actor=CHIEF) == ("CONFLICT", "warning")
    desk.ask("warning", "AcknowledgeWarning", warning=warning, actor=HEAD, note="已收悉")
    row = database.row("SELECT state, department, superior, issued_by, acknowledged_note FROM scoring.area_warning"
                       " WHERE id = %s", warning)
    assert row == ("acknowledged", "生态环境局", "成都市生态环境局", CHIEF, "已收悉")

    for one in [warning, found["town", "eco_env"][4]]:
        desk.ask("warning", "ClearWarning", warning=one, actor=CHIEF, note="已整改")
    wait_until(lambda: indexes() == before, what="the points taken back")
    rounds.done(database, "warnings", 2)
    assert database.value("SELECT count(*) FROM scoring.area_warning WHERE state <> 'cleared'") == 0
    events = database.rows("SELECT from_state, to_state, actor FROM scoring.warning_event WHERE warning = %s"
                           " ORDER BY revision", warning)
    assert events == [("", "proposed", "system"), ("proposed", "issued", CHIEF),
                      ("issued", "acknowledged", HEAD), ("acknowledged", "cleared", CHIEF)]


def test_many_warnings_at_once_are_one_notice(house, intake, database):
    """As after an import: the first round sees all of it."""
    house.start("scoring", **{**SOON, "rounds_every": "1h"})
    intake.wait_for(1)
    for number, village in enumerate(VILLAGES[:4]):
        dump_in(intake, village, 1 + 10 * number, 3 + number)
    wait_until(lambda: database.value("SELECT count(*) FROM scoring.finding") == 18, what="all scored")
    house.start("scoring", **SOON)
    told = wait_until(lambda: notices(database, "area_warnings"), what="the notice")
    count = database.value("SELECT count(*) FROM scoring.area_warning")
    assert {to for to, _, _ in told} == {CHIEF, HEAD} and len(told) == 2 and notices(database, "area_warning") == []
    values = told[0][2]
    assert values["count"] == str(count) and count > 3
    lines = values["gravest"].splitlines()
    assert len(lines) == min(count, 10) and values["level"] == "2"
    weights = [tuple(int(part.split()[0]) for part in line.split(" · ")[2:]) for line in lines]  # level, clues
    assert weights == sorted(weights, reverse=True) and weights[0][0] == 2
    assert "生态环境和资源保护" in lines[0]


def test_a_warning_rises_is_told_again_and_lapses(intake, desk, database):
    dump_in(intake, "小罗村", 1, 3)
    wait_until(lambda: warnings(database).get(("village", "eco_env"), [0, 0])[1] == 1, what="level 1")
    dump_in(intake, "小罗村", 4, 20)
    wait_until(lambda: warnings(database)["village", "eco_env"][1] == 3, what="level 3")
    village = warnings(database)["village", "eco_env"][4]
    levels = [v["level"] for _, _, v in notices(database, "area_warning") if v["warning"] == str(village)]
    assert levels[-2:] == ["3", "3"] and len(levels) == len(set(levels)) * 2
    # What nobody has issued lapses when its clues are worth less.
    rounds.done(database, "warnings", 2)
    settled(database)
    database.run("UPDATE scoring.clue SET own_stars = 2")
    rounds.done(database, "warnings")
    wait_until(lambda: warnings(database)["village", "eco_env"][:2] == ["cleared", 0], what="lapsed")
    assert database.value("SELECT cleared_by FROM scoring.area_warning WHERE id = %s", village) == "system"


def test_what_comes_back_after_a_recommendation_is_level_three(intake, desk, database):
    dump_in(intake, "小罗村", 1, 1, days=60)
    first = clue_of(database, 1)
    database.run("INSERT INTO assignment.assignment (region, id, clue, state, organ, station, prosecutor, consult, branch,"
                 " domain, stars, town, village, urgent, mediation, look_on_spot, revision, trace, ended_at) VALUES"
                 " (%s, 1, %s, 'closed', 'JCY-510184', '', '', '', 'public_interest', 'eco_env', 4, 510184107,"
                 " 510184107201, false, false, false, 1, '', now())", REGION, first)
    database.run("INSERT INTO assignment.outcome (region, assignment, clue, outcome, note, actor, at) VALUES"
                 " (%s, 1, %s, 'recommended', '', %s, %s)", REGION, first, CHIEF, ago(40))
    dump_in(intake, "小罗村", 2, 1, days=3)
    wait_until(lambda: ("village", "eco_env") in warnings(database), what="a warning")
    assert database.row("SELECT level, reason FROM scoring.area_warning WHERE unit_kind = 'village'") == (3, "recurrence")


def test_cards_in_warned_areas_do_not_depend_on_order(house, intake, desk, database):
    """Some come before the warning, some after it: in the end every card is that of the warnings that stand."""
    dump_in(intake, "小罗村", 1, 4)
    dump_in(intake, "渔江村", 20, 1)
    wait_until(lambda: warnings(database), what="a warning")
    dump_in(intake, "小罗村", 5, 3)
    rounds.done(database, "warnings", 2)
    settled(database)
    rows = database.rows("SELECT village, index, card FROM scoring.clue WHERE merged_into = 0 ORDER BY id")
    cards = [(village, wire.proto("card").ScoreCard.FromString(bytes(card))) for village, _, card in rows]
    for village, card in cards:
        warned = [factor for factor in card.adjustments if factor.id == "area_warning"]
        assert len(warned) == (village == 510184107201), (village, warned)
        for factor in warned:
            assert {note.key: note.value for note in factor.notes} == {"level": "2", "village": "510184107201"}


# --- scans ---


def test_the_nightly_scan_finds_a_cluster_across_borders_once(intake, desk, database):
    release = [rounds.hold(database, name) for name in ("scan", "warnings")][0]  # every scan sees all of it
    pick = random.Random(3)
    number = 0
    for _ in range(100):
        number += 1
        dump_at(intake, number, pick.choice(VILLAGES[2:]), pick.randrange(7, 170),
                longitude=103.4 + 0.4 * pick.random(), latitude=30.5 + 0.3 * pick.random())
    for _ in range(20):
        number += 1
        dump_at(intake, number, VILLAGES[number % 2], pick.randrange(4),
                longitude=103.56 + 0.003 * pick.random(), latitude=30.745 + 0.003 * pick.random())
    intake.accept(*range(1, number + 1))
    release()
    rounds.done(database, "scan")
    run = database.row("SELECT cases, scans, permutations, seed FROM scoring.scan_run ORDER BY id DESC LIMIT 1")
    assert run[1:3] == (1, 999) and run[0] >= 40
    domain, cases, expected, p, lon, lat = database.row(
        "SELECT domain, cases, expected, p_value, longitude, latitude FROM scoring.scan_cluster"
        " WHERE run = (SELECT max(id) FROM scoring.scan_run) AND number = 1")
    assert domain == "eco_env" and cases >= 7 and expected < cases / 2 and p <= 0.01
    assert abs(lon - 103.5615) < 0.02 and abs(lat - 30.7465) < 0.02
    rounds.done(database, "scan", 2)
    told = notices(database, "area_cluster")
    assert sorted(to for to, _, _ in told) == [CHIEF, HEAD]
    figures = database.rows("SELECT DISTINCT statistic, p_value, cases FROM scoring.scan_cluster WHERE number = 1")
    assert len(figures) == 1  # the same seed, the same clues: the same figures


def test_a_scan_computes_beside_live_work_and_ends_with_its_process(house, intake, database):
    scorer = house.start("scoring", **SOON, scan_permutations=99999)
    intake.wait_for(1)
    release = [rounds.hold(database, name) for name in ("scan", "warnings")][0]
    dump_in(intake, "小罗村", 1, 1)
    # A cell for each of 256 clues: a minute of a processor.
    database.run("INSERT INTO scoring.clue SELECT (jsonb_populate_record(c, jsonb_build_object('id', c.id + n, 'longitude',"
                 " 103.4 + n / 16 * 0.025, 'latitude', 30.5 + n % 16 * 0.025, 'first_report_at',"
                 " now() - n % 90 * interval '1 day'))).* FROM scoring.clue c, generate_series(0, 255) n WHERE n > 0")
    release()
    computing = f"SELECT count(*) FROM scoring.round WHERE name = 'scan' AND owner <> {rounds.NOBODY} AND lease_until > now()"
    told = "SELECT count(*) FROM scoring.scan_run WHERE cases > 1"
    wait_until(lambda: database.value(computing), what="the scan begun")
    dump_in(intake, "渔江村", 1000, 1)
    rounds.done(database, "alarms")
    assert (database.value(computing), database.value(told)) == (1, 0)  # that all came while it computed
    scorer.stop()
    assert (database.value(computing), database.value(told)) == (0, 0)  # given up, and given back
    house.start("scoring", **SOON, scan_permutations=19)
    rounds.done(database, "scan")
    assert database.value(told) == 1


# --- similar cases ---


def test_similar_cases_come_with_their_outcomes(intake, desk, database):
    for number, village in enumerate(VILLAGES[:4], 1):
        title, content = (text.format(village) for text in DUMPING)
        intake.write(number, title, content + "已经持续6个月，涉及300户村民。", ago(50 - number))  # three stars: worth comparing with
    intake.write(9, "食堂销售过期食品", "学校食堂销售过期食品，学生拉肚子", ago(40))
    intake.accept(1, 2, 3, 4, 9)
    asked, first, other = clue_of(database, 4), clue_of(database, 1), clue_of(database, 9)
    for number, (clue, outcome) in enumerate([(first, "recommended"), (other, "no_action")], 1):
        database.run("INSERT INTO assignment.assignment (region, id, clue, state, organ, station, prosecutor, consult,"
                     " branch, domain, stars, town, village, urgent, mediation, look_on_spot, revision, trace, ended_at)"
                     " VALUES (%s, %s, %s, 'closed', 'JCY-510184', '', '', '', 'public_interest', '', 4, 0, 0, false,"
                     " false, false, 1, '', now())", REGION, number, clue)
        database.run("INSERT INTO assignment.outcome (region, assignment, clue, outcome, note, actor)"
                     " VALUES (%s, %s, %s, %s, '', %s)", REGION, number, clue, outcome, CHIEF)
    answer = desk.ask("similar", "FindSimilar", clue=asked)
    assert {clue.clue for clue in answer.clues} == {clue_of(database, number) for number in (1, 2, 3)}
    by_clue = {clue.clue: clue for clue in answer.clues}
    assert by_clue[first].outcome == "recommended" and by_clue[first].outcome_at_us > 0
    assert by_clue[first].similarity > 0.5
    assert {reason.kind for reason in by_clue[first].reasons} >= {"domain", "rule", "words"}
    assert [clue.similarity for clue in answer.clues] == sorted((c.similarity for c in answer.clues), reverse=True)
    assert len(desk.ask("similar", "FindSimilar", clue=asked, limit=1).clues) == 1


def test_one_instance_at_a_time_does_a_round_and_a_dead_one_is_replaced(house, intake, scorers, database):
    wait_until(lambda: database.value("SELECT count(*) FROM scoring.round") == 5, what="rounds made")
    release = rounds.hold(database, "scan")  # as one that died
    database.run("UPDATE scoring.round SET done_at = NULL, due_at = now() WHERE name = 'scan'")
    rounds.done(database, "alarms", 2)
    assert database.value("SELECT done_at FROM scoring.round WHERE name = 'scan'") is None
    runs = "SELECT count(*) FROM scoring.scan_run"
    before = database.value(runs)
    release()
    wait_until(lambda: database.value("SELECT done_at FROM scoring.round WHERE name = 'scan'") is not None,
               what="another instance takes over")
    assert database.value(runs) - before <= 1


# --- wjz ---


def test_operators_see_and_change_it_all_by_wjz(house, intake, scorers, database):
    def listed(*words):
        return [json.loads(line) for line in house.wjz("--json", *words).splitlines()]

    house.wjz("watch", "add", "河道", "--as", CHIEF, "--tell", HEAD, "--word", "全村", "--domain", "eco_env",
              "--from", (civil_today() - datetime.timedelta(days=30)).isoformat(), "--count", 2, "--days", 7, "--clues")
    dump_in(intake, "小罗村", 1, 5)
    [watch] = listed("watch", "list")
    assert watch["asks"] == "全村 · eco_env" and watch["tell"] == HEAD
    wait_until(lambda: listed("watch", "list")[0]["hits"] > 0, what="hits")
    assert {hit["word"] for hit in listed("watch", "show", watch["watch"])} == {"全村"}
    assert "已结束" in house.wjz("watch", "end", watch["watch"], "--as", CHIEF)
    assert listed("watch", "list") == [] and listed("watch", "list", "--all")[0]["state"] == "ended"
    status, _, errors = house.wjz("watch", "add", "河道", "--as", CHIEF, "--word", "河道", check=False)
    assert status == 1 and "tell" in errors
    assert house.wjz("watch", "end", 7, "--as", CHIEF, check=False)[2].strip().endswith("see wjz watch list")
    assert listed("searches") == []
    saved = house.wjz("searches", "save", "河道", "--owner", HEAD, "--digest", "weekly", "--stars", 3, "--domain", "eco_env",
                      "--town", 510184107, "--village", 510184107201, "--focus").split()[-1]
    house.wjz("searches", "save", "食品", "--owner", CHIEF, "--subject", "餐馆")
    [search] = listed("searches", "--owner", HEAD)
    assert (search["search"], search["digest"]) == (saved, "weekly")
    assert search["asks"] == "3★+ · eco_env · 510184107 · 510184107201 · focus"
    house.wjz("searches", "save", "河道垃圾", "--owner", HEAD, "--search", saved)
    [search] = listed("searches", "--owner", HEAD)
    assert (search["title"], search["digest"], search["asks"]) == ("河道垃圾", "none", "")
    assert "see wjz searches" in house.wjz("searches", "drop", 7, "--owner", HEAD, check=False)[2]
    assert house.wjz("searches", "drop", saved, "--owner", CHIEF, check=False)[0] == 1  # not hers
    house.wjz("searches", "drop", saved, "--owner", HEAD)
    assert len(listed("searches")) == 1
    for words, part in [(["--digest", "hourly"], "none, daily or weekly"), (["--stars", 6], "1 to 5"), (["--town", 7], "--town"), ([], "--owner")]:
        status, _, errors = house.wjz("searches", "save", "河道", *words, check=False)
        assert status == 2 and part in errors, words

    wait_until(lambda: len(listed("warnings", "list")) == 2, what="warnings")
    village = next(w for w in listed("warnings", "list") if w["kind"] == "village")
    assert village["unit"] == "小罗村" and village["superior"] == "市生态环境局"
    assert "小罗村" in house.wjz("warnings", "show", village["warning"])
    house.wjz("warnings", "issue", village["warning"], "--as", CHIEF, "--to", "崇州生态环境局")
    house.wjz("warnings", "acknowledge", village["warning"], "--as", CHIEF, "--note", "已收")
    status, _, errors = house.wjz("warnings", "clear", village["warning"], "--as", CHIEF, check=False)
    assert status == 1 and "note" in errors
    house.wjz("warnings", "clear", village["warning"], "--as", CHIEF, "--note", "已整改")
    [cleared] = listed("warnings", "list", "--state", "cleared")
    assert cleared["department"] == "崇州生态环境局"
    assert "cannot find warning 7" in house.wjz("warnings", "show", 7, check=False)[2]
    house.wjz("warnings", "clusters")

    clue = database.value("SELECT max(id) FROM scoring.clue WHERE merged_into = 0")
    similar = listed("clues", "similar", clue, "--limit", 2)
    assert len(similar) == 2 and all("domain eco_env" in one["because"] for one in similar)
    assert "生态环境法典" in house.wjz("clues", "show", clue)
