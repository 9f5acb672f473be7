"""People's decisions on what is one matter, and the questions they are asked: scoring as a process on a real server."""

import json

import pytest

from test_scoring import REGION, Intake, at, check_whole, clue_of, groups, make_many, run_shuffled, told, together
from wjzlib import wire
from wjzlib.wait import wait_until

PERSON = "P-510184-001"
SMOKE = ("{}楼下烧烤店油烟直排", "{}楼下烧烤店油烟直排，半夜还在营业。")


@pytest.fixture
def intake(house):
    made = Intake(house)
    house.database.run(
        "INSERT INTO directory.organ (code, name, level, region) VALUES ('JCY-510184', '崇州市人民检察院', 'county', %s)",
        REGION,
    )
    house.database.run(
        "INSERT INTO directory.person (region, code, organ, name, roles) VALUES (%s, %s, 'JCY-510184', '甲', '{prosecutor}')",
        REGION,
        PERSON,
    )
    yield made
    made.close()


@pytest.fixture
def scorer(house, intake):
    started = house.start("scoring")
    intake.wait_for(1)
    return started


class Desk:
    """Asks the scoring process as the console or wjz does."""

    def __init__(self, scorer, database):
        self.client = wire.Client(
            database.value("SELECT request_endpoint FROM bus.instance WHERE name = %s", scorer.instance)
        )
        self.proto = wire.proto("scoring")

    def ask(self, name, region=REGION, **fields):
        fields = {"person": PERSON, "reason": "看过原件", **fields}
        return self.client.ask(getattr(self.proto, name)(**fields), region=region)

    def seen(self, clue, revision=0):
        return self.proto.SeenClue(clue=clue, revision=revision)

    def merge(self, *clues, **fields):
        return self.ask("MergeClues", clue=[self.seen(clue) for clue in clues], **fields)

    def split(self, clue, *complaints, **fields):
        return self.ask("SplitClue", clue=self.seen(clue), complaint=complaints, **fields)

    def refusal(self, name, **fields):
        with pytest.raises(wire.Refused) as refused:
            self.ask(name, **fields)
        code = refused.value.refusal.code
        return type(refused.value.refusal).Code.Name(code), refused.value.refusal.field

    def close(self):
        self.client.close()


@pytest.fixture
def desk(scorer, database):
    made = Desk(scorer, database)
    yield made
    made.close()


def report(intake, number, place, day, **fields):
    title, content = (text.format(place) for text in SMOKE)
    intake.write(number, title, content, at(day), **fields)


def test_merged_clues_stay_one_and_grow(intake, desk, database):
    report(intake, 1, "锦棠苑小区", 0)
    report(intake, 2, "鹭栖湾小区", 1)
    intake.accept(1, 2)
    one, two = clue_of(database, 1), clue_of(database, 2)
    answer = desk.merge(one, two)
    assert together(database, 1, 2)
    assert {clue.clue: clue.merged_into for clue in answer.clues} == {one: 0, two: one}
    heir = next(clue for clue in answer.clues if clue.clue == one)
    assert heir.complaint_count == 2 and list(heir.complaint) == [1, 2] and heir.revision > 1
    kind, person, reason, clues, members = database.row(
        "SELECT kind, person, reason, clues, members FROM scoring.decision WHERE id = %s", answer.decision
    )
    assert (kind, person, reason, clues, members) == ("merge", PERSON, "看过原件", sorted([one, two]), [1, 2])
    report(intake, 3, "锦棠苑小区", 5)
    report(intake, 4, "鹭栖湾小区", 6)
    intake.accept(3, 4)
    assert groups(database) == [(1, 2, 3, 4)]
    intake.accept(1, 2, 3, 4)  # no run undoes it
    assert groups(database) == [(1, 2, 3, 4)]
    check_whole(database)


def test_what_was_split_off_is_a_new_clue_and_is_told(intake, desk, database):
    text = "石桤村三组河道被人倾倒建筑垃圾，污水直排河道，鱼都死了，周边五十多户村民受影响，环保局投诉多次至今未处理。"
    for number in (1, 2, 3, 4):
        intake.write(number, "石桤村三组河道污水直排", text, at(number))
    intake.accept(1, 2, 3, 4)
    clue = clue_of(database, 1)
    revision = database.value("SELECT revision FROM scoring.clue WHERE id = %s", clue)
    answer = desk.ask("SplitClue", clue=desk.seen(clue, revision), complaint=[1, 3])
    assert groups(database) == [(1, 3), (2, 4)]
    assert clue_of(database, 2) == clue != clue_of(database, 1)  # though the first complaint went
    assert {c.clue: list(c.complaint) for c in answer.clues} == {clue: [2, 4], clue_of(database, 1): [1, 3]}
    last = {news.clue: sorted(news.complaint) for news in told(database)}
    assert last[clue] == [2, 4] and last[clue_of(database, 1)] == [1, 3]
    intake.accept(1, 2, 3, 4)
    intake.write(5, "石桤村三组河道污水直排", text, at(9))
    intake.accept(5)
    assert sorted(map(len, groups(database))) == [2, 3] and not together(database, 1, 2)
    check_whole(database)
    undone = desk.ask("UndoDecision", decision=answer.decision)
    assert groups(database) == [(1, 2, 3, 4, 5)] and clue_of(database, 1) == clue
    assert database.value("SELECT undone_by FROM scoring.decision WHERE id = %s", answer.decision) == undone.decision
    assert desk.refusal("UndoDecision", decision=answer.decision) == ("CONFLICT", "decision")
    assert desk.refusal("UndoDecision", decision=undone.decision) == ("CONFLICT", "decision")
    check_whole(database)


DUMPED = "石桤村三组河道被人倾倒建筑垃圾，污水直排河道，鱼都死了，周边五十多户村民受影响，环保局投诉多次至今未处理。"


DUMPED_AGAIN = "再次反映石桤村三组河道污水直排的问题，河里倒了建筑垃圾，鱼死了不少，环保局投诉多次还是没人处理。"


def leads_to(database, clue):
    return database.value("SELECT merged_into FROM scoring.clue WHERE id = %s", clue)


def test_a_clue_whose_rest_joined_another_lives_again_when_its_split_is_undone(intake, desk, database):
    for number, text in ((1, DUMPED_AGAIN), (2, DUMPED)):
        intake.write(number, "石桤村三组河道污水直排", text, at(number))
        intake.accept(number)
    other = clue_of(database, 1)
    desk.split(other, 2)
    clue = clue_of(database, 2)
    intake.write(3, "石桤村三组河道污水直排", DUMPED, at(3))
    intake.accept(3)
    assert groups(database) == [(1,), (2, 3)]
    split = desk.split(clue, 2)
    parted = clue_of(database, 2)
    assert groups(database) == [(1, 3), (2,)] and leads_to(database, clue) == other
    undone = desk.ask("UndoDecision", decision=split.decision)
    assert groups(database) == [(1,), (2, 3)] and clue_of(database, 3) == clue
    assert [leads_to(database, one) for one in (clue, parted, other)] == [0, clue, 0]
    assert {one.clue: one.merged_into for one in undone.clues} == {clue: 0}
    last = {news.clue: (news.merged_into, sorted(news.complaint)) for news in told(database)}
    assert last == {other: (0, [1]), clue: (0, [2, 3]), parted: (clue, [])}  # revisions only go up
    intake.accept(1, 2, 3)  # no run changes it
    assert [clue_of(database, number) for number in (1, 2, 3)] == [other, clue, clue]
    check_whole(database)


def test_clues_whose_merge_is_undone_have_their_complaints_again(intake, desk, database):
    report(intake, 1, "锦棠苑小区", 5)
    report(intake, 2, "鹭栖湾小区", 0)  # the first complaint of them all, in the younger clue
    report(intake, 3, "锦棠苑小区", 6)
    intake.accept(1, 3)
    intake.accept(2)
    one, two = clue_of(database, 1), clue_of(database, 2)
    merged = desk.merge(one, two)
    assert {clue.merged_into for clue in merged.clues} == {0, one}
    report(intake, 4, "鹭栖湾小区", 8)
    intake.accept(4)
    assert together(database, 1, 2, 3, 4)
    undone = desk.ask("UndoDecision", decision=merged.decision)
    assert [clue_of(database, number) for number in (1, 2, 3, 4)] == [one, two, one, two]
    assert {clue.clue: (clue.merged_into, list(clue.complaint)) for clue in undone.clues} == {
        one: (0, [1, 3]),
        two: (0, [2, 4]),
    }
    check_whole(database)


def test_who_had_a_clue_before_it_was_merged_has_it_again_when_that_is_undone(house, intake, desk, database):
    """scoring and assignment together. By then the other prosecutor has less in hand, and would be chosen."""
    other = "P-510184-002"
    database.run("UPDATE directory.person SET branches = '{public_interest}'")
    database.run(
        "INSERT INTO directory.person (region, code, organ, name, roles, branches)"
        " SELECT region, %s, organ, '乙', roles, branches FROM directory.person",
        other,
    )
    house.start("assignment")

    def holders():
        open_ones = "SELECT clue, prosecutor FROM assignment.assignment WHERE ended_at IS NULL AND prosecutor <> ''"
        return dict(database.rows(open_ones))

    def come(number, place):
        intake.write(number, f"{place}河道污水直排", DUMPED.replace("石桤村三组", place), at(number))
        intake.send(wire.proto("intake").ComplaintsAccepted(complaint=[number]), REGION, consumer=0)  # scoring
        return wait_until(lambda: holders().get(clue_of(database, number)))

    assert [come(1, "石桤村三组"), come(2, "白鹤嘴村五组"), come(3, "红旗村一组")] == [PERSON, other, PERSON]
    heir, lost = clue_of(database, 2), clue_of(database, 3)
    merged = desk.merge(heir, lost)
    assert {clue.clue: clue.merged_into for clue in merged.clues} == {heir: 0, lost: heir}
    wait_until(lambda: lost not in holders())
    assert come(4, "青桥村二组") == PERSON
    desk.ask("UndoDecision", decision=merged.decision)
    assert wait_until(lambda: holders().get(lost)) == PERSON
    last = "SELECT reason_code FROM assignment.history WHERE clue = %s ORDER BY assignment DESC, revision DESC LIMIT 1"
    assert database.value(last, lost) == "lives_again"
    assert holders()[heir] == other


def test_refusals_name_the_field_and_change_nothing(intake, desk, database):
    report(intake, 1, "锦棠苑小区", 0)
    report(intake, 2, "鹭栖湾小区", 1)
    report(intake, 3, "锦棠苑小区", 2)
    intake.accept(1, 2, 3)
    one, two = desk.seen(clue_of(database, 1)), desk.seen(clue_of(database, 2))
    stale = desk.seen(one.clue, 99)
    refused = [
        desk.refusal("MergeClues", clue=[one, two], person="P-0"),
        desk.refusal("MergeClues", clue=[one, two], person=""),
        desk.refusal("MergeClues", clue=[one, two], reason=""),
        desk.refusal("MergeClues", clue=[one, two], reason="长" * 1000),
        desk.refusal("MergeClues", clue=[one, two], region=0),
        desk.refusal("MergeClues", clue=[one]),
        desk.refusal("MergeClues", clue=[one, one]),
        desk.refusal("MergeClues", clue=[stale, two]),
        desk.refusal("MergeClues", clue=[one, desk.seen(12345)]),
        desk.refusal("SplitClue", complaint=[1]),
        desk.refusal("SplitClue", clue=one),
        desk.refusal("SplitClue", clue=one, complaint=[1, 3]),
        desk.refusal("SplitClue", clue=one, complaint=[2]),
        desk.refusal("SplitClue", clue=stale, complaint=[1]),
        desk.refusal("UndoDecision", decision=5),
        desk.refusal("DecideRepeat", review=5, same=True),
        desk.refusal("ConfirmScore", review=5),
    ]
    assert refused == [
        ("NOT_FOUND", "person"),
        ("NOT_FOUND", "person"),
        ("INVALID", "reason"),
        ("INVALID", "reason"),
        ("INVALID", "region"),
        ("INVALID", "clue"),
        ("INVALID", "clue"),
        ("CONFLICT", "revision"),
        ("NOT_FOUND", "clue"),
        ("INVALID", "clue"),
        ("INVALID", "complaint"),
        ("INVALID", "complaint"),
        ("NOT_FOUND", "complaint"),
        ("CONFLICT", "revision"),
        ("NOT_FOUND", "decision"),
        ("NOT_FOUND", "review"),
        ("NOT_FOUND", "review"),
    ]
    assert groups(database) == [(1, 3), (2,)]
    assert database.value("SELECT count(*) FROM scoring.decision") == 0
    desk.merge(one.clue, two.clue)
    assert desk.refusal("MergeClues", clue=[one, two]) == ("CONFLICT", "clue")  # merged away


def open_pairs(database):
    return database.rows(
        "SELECT id, complaint_a, complaint_b, cause, weight, signs FROM scoring.review WHERE kind = 'repeat' AND state = 'open'"
        " ORDER BY id"
    )


def test_many_complaints_leave_questions_that_hold(intake, desk, database):
    """Every open question is about two complaints as they stand; an answer is carried out, kept, and not asked for again."""
    numbers = make_many(intake, seed=7)
    intake.accept(*numbers)
    asked = open_pairs(database)
    assert asked
    named = {name for name, zh, en in database.rows("SELECT name, zh, en FROM scoring.sign") if zh and en}
    for review, a, b, cause, weight, signs in asked:
        clue, other = database.row("SELECT clue, other_clue FROM scoring.review WHERE id = %s", review)
        assert (clue, other) == (clue_of(database, a), clue_of(database, b))
        assert (cause == "weak_link") == (clue == other)
        assert (cause == "near_miss") == (weight <= 0)
        signs = signs if isinstance(signs, list) else json.loads(signs)
        assert sum(sign["points"] for sign in signs) == pytest.approx(weight, abs=0.02)
        assert {sign["sign"] for sign in signs} <= named
    review, a, b, cause, *_ = next(row for row in asked if row[3] != "weak_link")
    answer = desk.ask("DecideRepeat", review=review, same=True)
    assert together(database, a, b)
    assert database.row("SELECT state, answer, person, decision FROM scoring.review WHERE id = %s", review) == (
        "decided",
        "accepted",
        PERSON,
        answer.decision,
    )
    assert desk.refusal("DecideRepeat", review=review, same=False) == ("CONFLICT", "review")
    assert desk.refusal("ConfirmScore", review=open_pairs(database)[0][0]) == ("INVALID", "review")
    other = next(row for row in open_pairs(database))
    assert desk.refusal("DecideRepeat", review=other[0], revision=77, same=True) == ("CONFLICT", "revision")
    desk.ask("DecideRepeat", review=other[0], same=False)
    assert not together(database, other[1], other[2])
    intake.accept(*numbers)
    assert together(database, a, b) and not together(database, other[1], other[2])
    decided = {(a, b), (other[1], other[2])}
    assert not decided & {(row[1], row[2]) for row in open_pairs(database)}
    check_whole(database)
    desk.ask("UndoDecision", decision=answer.decision)
    assert (a, b) in {(row[1], row[2]) for row in open_pairs(database)}


def test_a_question_goes_when_it_does_not_arise_any_more(intake, desk, database):
    numbers = make_many(intake, seed=7)
    intake.accept(*numbers)
    review, a, b, *_ = open_pairs(database)[0]
    intake.revise(b, "咨询公积金提取", "请问公积金提取需要哪些材料？")
    intake.accept(b)
    assert database.value("SELECT state FROM scoring.review WHERE id = %s", review) == "obsolete"
    assert desk.refusal("DecideRepeat", review=review, same=True) == ("CONFLICT", "review")


def test_a_clue_near_a_cut_is_asked_about_until_confirmed(intake, desk, database):
    numbers = make_many(intake, seed=7)
    intake.accept(*numbers)
    rows = database.rows(
        "SELECT r.id, r.kind, r.clue, r.weight, c.index, c.stars FROM scoring.review r JOIN scoring.clue c ON c.id = r.clue"
        " WHERE r.kind IN ('edge', 'confidence') AND r.state = 'open'"
    )
    assert rows
    for _, kind, _, weight, index, stars in rows:
        if kind == "confidence":
            assert weight <= 0.5 and stars >= 3  # kept to the hundredth
        else:
            assert abs(weight) <= 1
    review, _, clue, *_ = rows[0]
    desk.ask("ConfirmScore", review=review)
    members = [row[0] for row in database.rows("SELECT complaint FROM scoring.finding WHERE clue = %s", clue)]
    intake.accept(*members)
    assert database.row("SELECT state, answer FROM scoring.review WHERE id = %s", review) == ("decided", "accepted")


@pytest.fixture(scope="module")
def expected():
    return {}


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_decisions_hold_for_every_worker(house, intake, database, expected, workers):
    """Decisions made by whichever process is asked, while complaints come to all of them."""
    numbers = make_many(intake, seed=7)
    first, rest = numbers[: len(numbers) // 2], numbers[len(numbers) // 2 :]
    run_shuffled(house, intake, first, seed=workers, workers=workers)
    made = Desk(house.processes[-1], database)
    chosen = sorted(groups(database), key=len)[-2:]
    made.split(clue_of(database, chosen[1][0]), *chosen[1][:2])
    made.merge(clue_of(database, chosen[1][2]), clue_of(database, chosen[0][0]))
    made.close()
    for start in range(0, len(rest), 40):
        intake.tell("ComplaintsAccepted", rest[start : start + 40])
    intake.wait_handled()
    assert not together(database, chosen[1][0], chosen[1][2])
    assert together(database, chosen[1][2], chosen[0][0])
    assert together(database, *chosen[1][:2])
    check_whole(database)
    assert groups(database) == expected.setdefault("groups", groups(database))
