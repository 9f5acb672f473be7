"""assignment as a process, on a real server: the test is the scorer, written a second time from proto/."""

import datetime
import random
import subprocess
import threading

import pytest
import yaml

from wjzlib import wire
from wjzlib.paths import ROOT, program
from wjzlib.producer import Producer
from wjzlib.wait import wait_until

REGION = 510184
TABLES = {
    "organs": "organ",
    "stations": "station",
    "people": "person",
    "relations": "relation",
    "duty_patterns": "duty_pattern",
}
STATE = {
    "assigned": 1,
    "accepted": 2,
    "verifying": 3,
    "returned": 4,
    "transferred": 5,
    "escalated": 6,
    "closed": 7,
    "withdrawn": 8,
}


class Scoring(Producer):
    """A producer of CluesScored: takes part in the queue as a scoring instance would."""

    def __init__(self, house):
        super().__init__(house, "scoring")

    def tell(self, *clues, id=None, region=REGION, consumer=None):
        """Sends one message; the consumers take turns."""
        return self.send(wire.proto("scoring").CluesScored(clues=clues), region, id, consumer)


def clue(number, revision=1, **fields):
    told = {
        "index": 70,
        "stars": 4,
        "kind": "report",
        "branch": "public_interest",
        "domain": "eco_env",
        "town": 510184107,
        "place": "怀远镇",
        "complaint_count": 1,
        "feed": "hotline-12345",
        "report_region": REGION,
        **fields,
    }
    return wire.proto("scoring").ClueState(clue=number, revision=revision, **told)


def load_directory(database):
    """All of it at one moment, as `wjz directory load` does."""
    content = yaml.safe_load((ROOT / "deploy" / "demo" / "county.yaml").read_text())
    connection = database.connect()
    with connection, connection.cursor() as cursor:
        for section, table in TABLES.items():
            for row in content[section]:
                marks = ["%s::int4[]" if key == "serves" else "%s::text[]" if isinstance(row[key], list) else "%s" for key in row]
                cursor.execute(
                    f"INSERT INTO directory.{table} ({', '.join(row)}) VALUES ({', '.join(marks)})", list(row.values())
                )
        # Every day near today is worked, so that office time runs whenever the test does.
        cursor.execute(
            "INSERT INTO directory.holiday SELECT d::date, true, 'test' FROM"
            " generate_series(current_date - 2, current_date + 7, interval '1 day') d"
        )
    connection.close()


OPTIONS = {"office_from": 0, "office_to": 24, "clock_every": "100ms", "directory_every": "100ms"}


@pytest.fixture
def scorer(house, database):
    load_directory(database)
    made = Scoring(house)
    yield made
    made.close()


@pytest.fixture
def service(house, scorer):
    started = house.start("assignment", **OPTIONS)
    scorer.wait_for(1)
    return started


@pytest.fixture
def ask(database, service):
    endpoint = database.value("SELECT request_endpoint FROM bus.instance WHERE name = %s", service.instance)
    with wire.Client(endpoint) as client:

        def ask(name, **fields):
            body = getattr(wire.proto("assignment"), name)(**fields)
            return client.ask(body, region=REGION)

        yield ask


def refusal_of(ask, *arguments, **fields):
    with pytest.raises(wire.Refused) as refused:
        ask(*arguments, **fields)
    code = wire.proto("envelope").Refusal.Code.Name(refused.value.refusal.code)
    return code, refused.value.refusal.field


def open_assignment(database, number):
    return database.row(
        "SELECT id, state, organ, station, prosecutor, stars, branch FROM assignment.assignment"
        " WHERE region = %s AND clue = %s AND ended_at IS NULL",
        REGION,
        number,
    )


def states(database, number):
    found = database.rows(
        "SELECT state FROM assignment.assignment WHERE region = %s AND clue = %s ORDER BY id", REGION, number
    )
    return [state for (state,) in found]


def emitted(database, name):
    """Messages of that type still in the outbox: nobody else runs, so all that was ever told."""
    covers = database.rows("SELECT envelope FROM assignment.outbox WHERE type LIKE %s ORDER BY id", f"%.{name}")
    return [wire.unpack(wire.proto("envelope").Envelope.FromString(bytes(cover))) for (cover,) in covers]


def notices(database, template=None):
    found = [notice for body in emitted(database, "NoticesRequested") for notice in body.notices]
    return [notice for notice in found if template in (None, notice.template)]


def test_a_scored_clue_is_assigned_and_told(scorer, service, database):
    scorer.tell(clue(1), clue(2, stars=2), clue(3, stars=2, mediation=True), clue(4, report_region=510181, place="灌口街道"))
    scorer.wait_handled()
    _, state, organ, station, prosecutor, stars, _ = open_assignment(database, 1)
    assert (state, organ, station, prosecutor, stars) == (
        "assigned",
        "JCY-510184",
        "ST-510184-01",
        "P-510184-003",
        4,
    )
    assert open_assignment(database, 2) is None
    assert open_assignment(database, 3)[3:5] == ("ST-510184-01", "")
    assert open_assignment(database, 4)[2:5] == ("JCY-510181", "", "P-510181-001")
    told = {each.clue: each for body in emitted(database, "AssignmentsChanged") for each in body.assignments}
    assert set(told) == {1, 3, 4}
    assert told[1].state == STATE["assigned"] and told[1].prosecutor == "P-510184-003"
    by_clue = {notice.values["clue"]: notice for notice in notices(database, "assignment_new")}
    assert by_clue["1"].person == "P-510184-003" and by_clue["1"].escalate_to == "P-510184-002"
    assert by_clue["3"].role == "duty:ST-510184-01"
    assert by_clue["1"].acknowledge_until_us == told[1].accept_until_us
    trace = database.value("SELECT trace FROM assignment.assignment WHERE clue = 1")
    assert "规则" in trace and "P-510184-003" in trace
    assert service.metric("wjz_assignment_opened_total") == 3


def test_the_same_message_twice_is_handled_once(scorer, service, database):
    first = scorer.tell(clue(1))
    scorer.wait_handled()
    scorer.tell(clue(1), id=first)
    scorer.wait_handled()
    assert states(database, 1) == ["assigned"]
    assert len(notices(database)) == 1


def test_a_malformed_clue_is_rejected_and_harms_no_other(scorer, service, database):
    bad = scorer.tell(clue(1, stars=9))
    scorer.tell(clue(2))
    scorer.wait_handled()
    assert "9 stars" in scorer.rejected[bad]
    assert states(database, 1) == [] and states(database, 2) == ["assigned"]


def test_a_merged_clue_leaves_one_open_assignment(scorer, service, database):
    scorer.tell(clue(1), clue(2))
    scorer.tell(clue(1, 2, merged_into=2), clue(2, 2, stars=5, complaint_count=2))
    scorer.wait_handled()
    assert states(database, 1) == ["withdrawn"] or states(database, 1) == []
    assert open_assignment(database, 2)[5] == 5
    scorer.tell(clue(3))
    scorer.wait_handled()
    scorer.tell(clue(3, 2, merged_into=2))
    scorer.wait_handled()
    assert states(database, 3) == ["withdrawn"]
    reason = database.row("SELECT reason_code, reason FROM assignment.history WHERE clue = 3 AND to_state = 'withdrawn'")
    assert reason == ("merged", "clue 2")
    assert len(notices(database, "assignment_gone")) >= 1


def merge_away(scorer, database, revision, *numbers):
    """Merges the clues into clue 999, which nobody was told of."""
    scorer.tell(*(clue(number, revision, merged_into=999) for number in numbers))
    scorer.wait_handled()
    assert all(open_assignment(database, number) is None for number in numbers)


def test_a_clue_that_lives_again_is_back_with_who_had_it(scorer, service, ask, database):
    """Whatever the rules and the loads would say now: the colleague who has it was not their choice."""
    scorer.tell(clue(1), clue(2))
    scorer.wait_handled()
    before = {}
    for number in (1, 2):
        first = open_assignment(database, number)[0]
        moved = ask("TransferAssignment", assignment=first, actor="P-510184-002", prosecutor="P-510184-005", reason="专案")
        before[number] = moved.successor.assignment
    ask("AcceptAssignment", assignment=before[1], actor="P-510184-005")
    merge_away(scorer, database, 2, 1, 2)
    again = scorer.tell(clue(1, 3), clue(2, 3))
    scorer.wait_handled()
    scorer.tell(clue(1, 3), clue(2, 3), id=again)  # sent twice, back once
    scorer.tell(clue(1, 3), clue(2, 3))
    scorer.wait_handled()
    now = {number: open_assignment(database, number) for number in (1, 2)}
    assert {one[1:3] + one[4:5] for one in now.values()} == {("assigned", "JCY-510184", "P-510184-005")}
    assert states(database, 1) == ["transferred", "withdrawn", "assigned"]
    told = notices(database, "assignment_back")
    assert [(notice.person, notice.subject) for notice in told] == [("P-510184-005", now[number][0]) for number in (1, 2)]
    assert all(notice.acknowledge_until_us and notice.escalate_to == "P-510184-002" for notice in told)
    lines = database.rows(
        "SELECT h.reason_code, a.predecessor FROM assignment.history h JOIN assignment.assignment a ON a.id = h.assignment"
        " WHERE a.ended_at IS NULL ORDER BY a.clue"
    )
    assert lines == [("lives_again", before[1]), ("lives_again", before[2])]
    assert "P-510184-005" in database.value("SELECT trace FROM assignment.assignment WHERE id = %s", now[1][0])

    merge_away(scorer, database, 4, 1)  # and a second time
    scorer.tell(clue(1, 5))
    scorer.wait_handled()
    assert open_assignment(database, 1)[4] == "P-510184-005"


def test_who_cannot_take_it_any_more_does_not_get_back_what_lives_again(scorer, service, ask, database):
    """Left, on leave, recused, asked for recusal, of another branch, below 3★ in between: each goes on as a new one."""

    def chosen(domain, town):
        asked = {"branch": "public_interest", "stars": 4, "report_region": REGION, "place": "x"}
        return ask("TraceRouting", domain=domain, town=town, **asked).prosecutor

    numbers = range(1, 8)
    scorer.tell(*(clue(number) for number in numbers))
    scorer.wait_handled()
    had = {}
    for number in numbers:
        fields = {"assignment": open_assignment(database, number)[0], "actor": "P-510184-002", "reason": "专案"}
        to = {1: "P-510184-004", 2: "P-510184-005"}.get(number, "P-510184-006")
        had[number] = ask("TransferAssignment", prosecutor=to, **fields).successor.assignment
    declared = {"ground": "近亲属", "procedure": "pil", "actor": "P-510184-006"}
    for number in (3, 4):
        ask("DeclareRecusal", assignment=had[number], **declared)
    merge_away(scorer, database, 2, *numbers)
    ask("DecideRecusal", assignment=had[3], actor="P-510184-001", granted=True)
    places = {"P-510184-004": ("food_drug", 510184001), "P-510184-005": ("work_safety", 510184006)}
    assert [chosen(*place) for place in places.values()] == list(places)
    database.run("UPDATE directory.person SET active = false WHERE code = 'P-510184-004'")
    database.run(
        "INSERT INTO scheduling.leave (region, id, prosecutor, during, recorded_by)"
        " VALUES (%s, 1, 'P-510184-005', tstzrange(now(), now() + interval '3 days'), 'P-510184-002')",
        REGION,
    )
    wait_until(lambda: not places.keys() & {chosen(*place) for place in places.values()})
    scorer.tell(clue(6, 3))  # back, so that it is not its merging that withdraws it in the end
    scorer.wait_handled()
    scorer.tell(clue(6, 4, stars=2))
    scorer.wait_handled()
    assert states(database, 6)[-2:] == ["withdrawn", "withdrawn"]
    scorer.tell(*(clue(number, 5) for number in (1, 2, 3, 4, 6, 7)), clue(5, 5, branch="civil", domain="none"))
    scorer.wait_handled()
    now = {number: open_assignment(database, number)[4] for number in numbers}
    assert now[7] == "P-510184-006"  # where nothing stands against it
    assert now[1] not in ("", "P-510184-004") and now[2] not in ("", "P-510184-005")
    assert all(now[number] not in ("", "P-510184-006") for number in (3, 4, 5, 6))
    assert [notice.values["clue"] for notice in notices(database, "assignment_back")] == ["6", "7"]


def tell_shuffled(scorer, rolls, messages):
    """In any order, a few at a time, until all are handled."""
    rolls.shuffle(messages)
    while messages:
        size = rolls.randint(1, 9)
        scorer.tell(*messages[:size])
        messages = messages[size:]
    scorer.wait_handled()


@pytest.mark.parametrize("instances", [1, 3])
def test_who_has_what_lives_again_does_not_depend_on_instances(house, scorer, database, instances):
    """Merges and their undoing, shuffled over the instances: each clue is with whoever had it first, and loads are right."""
    for _ in range(instances):
        house.start("assignment", **OPTIONS)
    scorer.wait_for(instances)
    numbers = range(1, 61)
    for number in numbers:  # one by one, so that they are spread over the people
        scorer.tell(clue(number, domain="none", town=510184001 + number % 6))
    scorer.wait_handled()
    before = {number: open_assignment(database, number)[4] for number in numbers}
    assert len(set(before.values())) > 2
    rolls = random.Random(instances)
    messages = [clue(number, revision, merged_into=999 * (revision % 2 == 0), domain="none", town=510184001 + number % 6)
                for number in numbers for revision in range(2, 8)]
    tell_shuffled(scorer, rolls, messages)
    assert scorer.rejected == {}
    assert {number: open_assignment(database, number)[4] for number in numbers} == before
    withdrawn = database.value("SELECT count(*) FROM assignment.assignment WHERE state = 'withdrawn'")
    assert withdrawn > 0
    assert database.value("SELECT count(*) FROM assignment.history WHERE reason_code = 'lives_again'") == withdrawn
    assert len(notices(database, "assignment_back")) == withdrawn


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_end_follows_from_the_last_revision_whatever_the_order(house, scorer, database, seed):
    """Revisions of 60 clues, shuffled over two instances; the last of each decides, and one assignment is open."""
    for _ in range(2):
        house.start("assignment", **OPTIONS)
    scorer.wait_for(2)
    rolls = random.Random(seed)
    last = {}
    told = []
    for number in range(1, 61):
        for revision in range(1, rolls.randint(2, 7)):
            last[number] = clue(
                number,
                revision,
                stars=rolls.randint(1, 5),
                mediation=rolls.random() < 0.3,
                branch=rolls.choice(["public_interest", "civil", "criminal", "none"]),
                domain=rolls.choice(["eco_env", "none"]),
                town=rolls.choice([510184107, 510184001, 510184006]),
                merged_into=rolls.choice([0, 0, 0, 999]),
            )
            told.append(last[number])
    tell_shuffled(scorer, rolls, told)
    for number, final in last.items():
        found = open_assignment(database, number)
        wanted = not final.merged_into and (final.stars >= 3 or final.mediation)
        assert (found is not None) == wanted, f"clue {number}"
        if not wanted:
            continue
        _, _, organ, station, prosecutor, stars, branch = found
        expected_branch = "public_interest" if final.branch == "none" and final.domain != "none" else final.branch
        assert (organ, stars, branch) == ("JCY-510184", final.stars, expected_branch)
        assert (prosecutor != "") == (final.stars >= 3)
        assert station == {510184107: "ST-510184-01", 510184001: "ST-510184-02", 510184006: "ST-510184-03"}[final.town]
    assert database.value(
        "SELECT count(*) FROM (SELECT revision, row_number() OVER (PARTITION BY assignment ORDER BY revision) AS n"
        " FROM assignment.history) h WHERE revision <> n"
    ) == 0


def test_two_instances_at_once_open_one_assignment_each(house, scorer, database):
    """The same clues to both at the same time, in opposite orders: no deadlock, no second assignment."""
    for _ in range(2):
        house.start("assignment", **OPTIONS)
    scorer.wait_for(2)
    for revision in range(1, 6):
        clues = [clue(number, 2 * revision, stars=3 + revision % 3) for number in range(1, 201)]
        again = [clue(number, 2 * revision + 1, stars=5) for number in range(200, 0, -1)]
        scorer.tell(*clues, consumer=0)
        scorer.tell(*again, consumer=1)
    scorer.wait_handled()
    assert scorer.rejected == {}
    assert database.row("SELECT count(*), count(DISTINCT clue), min(stars) FROM assignment.assignment") == (200, 200, 5)


def test_people_carry_a_clue_from_acceptance_to_an_outcome(scorer, service, ask, database):
    scorer.tell(clue(1))
    scorer.wait_handled()
    number = open_assignment(database, 1)[0]
    assert refusal_of(ask, "AcceptAssignment", assignment=number, actor="P-510184-008") == ("FORBIDDEN", "actor")
    assert refusal_of(ask, "AcceptAssignment", assignment=7, actor="P-510184-003") == ("NOT_FOUND", "assignment")
    assert refusal_of(ask, "RecordOutcome", assignment=number, actor="P-510184-003", outcome="filed")[0] == "CONFLICT"
    answer = ask("AcceptAssignment", assignment=number, actor="P-510184-003")
    assert answer.assignment.state == STATE["accepted"] and answer.assignment.accept_until_us == 0
    assert ask("AcceptAssignment", assignment=number, actor="P-510184-003").assignment.revision == 2
    scorer.tell(clue(1, 2, stars=1, report_region=510181))  # accepted work stays
    scorer.wait_handled()
    assert open_assignment(database, 1)[1:3] == ("accepted", "JCY-510184")
    assert [notice.person for notice in notices(database, "assignment_changed")] == ["P-510184-003"]
    assert ask("BeginVerification", assignment=number, actor="P-510184-003").assignment.state == STATE["verifying"]
    assert refusal_of(ask, "RecordOutcome", assignment=number, actor="P-510184-003", outcome="won") == (
        "INVALID",
        "outcome",
    )
    closed = ask("RecordOutcome", assignment=number, actor="P-510184-003", outcome="filed", note="已立案")
    assert closed.assignment.state == STATE["closed"] and not closed.HasField("successor")
    assert database.row("SELECT outcome, actor FROM assignment.outcome") == ("filed", "P-510184-003")
    scorer.tell(clue(1, 3, stars=5, complaint_count=4))  # a settled matter goes on
    scorer.wait_handled()
    assert states(database, 1) == ["closed"]
    assert [notice.person for notice in notices(database, "clue_back")] == ["P-510184-003"]
    path = database.rows("SELECT to_state FROM assignment.history WHERE clue = 1 ORDER BY revision")
    assert [state for (state,) in path] == ["assigned", "accepted", "accepted", "verifying", "closed"]


def test_a_returned_clue_goes_to_the_next_person(scorer, service, ask, database):
    scorer.tell(clue(1))
    scorer.wait_handled()
    number = open_assignment(database, 1)[0]
    assert refusal_of(ask, "ReturnAssignment", assignment=number, actor="P-510184-003", reason_code="tired") == (
        "INVALID",
        "reason_code",
    )
    answer = ask(
        "ReturnAssignment", assignment=number, actor="P-510184-003", reason_code="no_capacity", reason="案件积压"
    )
    assert answer.assignment.state == STATE["returned"]
    assert answer.successor.prosecutor not in ("", "P-510184-003")
    assert answer.successor.predecessor == number
    assert open_assignment(database, 1)[4] == answer.successor.prosecutor
    assert [notice.person for notice in notices(database, "assignment_returned")] == ["P-510184-002"]


def test_a_clue_sent_by_another_organ_must_be_accepted(scorer, service, ask, database):
    scorer.tell(clue(1))
    scorer.wait_handled()
    number = open_assignment(database, 1)[0]
    sent = ask("TransferAssignment", assignment=number, actor="P-510184-002", organ="JCY-510181", reason="管辖")
    assert sent.assignment.state == STATE["transferred"]
    there = sent.successor
    assert (there.organ, there.prosecutor) == ("JCY-510181", "P-510181-001")
    for name, fields in (
        ("ReturnAssignment", {"reason_code": "other", "reason": "退回"}),
        ("TransferAssignment", {"organ": "JCY-510182", "reason": "再移送"}),
    ):
        assert refusal_of(ask, name, assignment=there.assignment, actor="P-510181-001", **fields)[0] == "CONFLICT"
    scorer.tell(clue(1, 2, stars=5))  # nor does the place take it back
    scorer.wait_handled()
    assert open_assignment(database, 1)[2] == "JCY-510181"
    assert ask("AcceptAssignment", assignment=there.assignment, actor="P-510181-001").assignment.state == STATE["accepted"]


def test_who_is_recused_keeps_working_only_in_public_interest_cases(scorer, service, ask, database):
    scorer.tell(clue(1), clue(2, branch="civil", domain="none"))
    scorer.wait_handled()
    number, *_, = open_assignment(database, 1)
    declared = ask("DeclareRecusal", assignment=number, actor="P-510184-003", ground="近亲属", procedure="pil")
    assert not declared.HasField("successor")
    assert refusal_of(ask, "DecideRecusal", assignment=number, actor="P-510184-002", granted=True)[0] == "FORBIDDEN"
    decided = ask("DecideRecusal", assignment=number, actor="P-510184-001", granted=True, note="同意")
    assert decided.successor.prosecutor not in ("", "P-510184-003")
    assert refusal_of(ask, "DecideRecusal", assignment=number, actor="P-510184-001", granted=True)[0] == "NOT_FOUND"
    assert database.value("SELECT excluded FROM assignment.clue_state WHERE clue = 1") == "P-510184-003"

    number, *_, holder, _, _ = open_assignment(database, 2)
    suspended = ask("DeclareRecusal", assignment=number, actor=holder, ground="近亲属", procedure="civil")
    assert suspended.successor.prosecutor not in ("", holder)
    ask("DecideRecusal", assignment=number, actor="P-510184-001", granted=False)
    assert database.value("SELECT excluded FROM assignment.clue_state WHERE clue = 2") == ""
    assert {notice.person for notice in notices(database, "recusal_declared")} == {"P-510184-001"}


def test_relations_keep_people_from_a_clue(scorer, service, database):
    """P-510184-004 is the speciality's own choice, but a relative owns the company."""
    scorer.tell(clue(1, domain="food_drug", town=510184001), clue(2, domain="food_drug", town=510184001, subject="蜀丰食品有限公司"))
    scorer.wait_handled()
    assert open_assignment(database, 1)[4] == "P-510184-004"
    assert open_assignment(database, 2)[4] not in ("", "P-510184-004")
    assert "回避" in database.value("SELECT trace FROM assignment.assignment WHERE clue = 2")


def test_leave_counts_as_soon_as_it_is_recorded(scorer, service, database):
    database.run(
        "INSERT INTO scheduling.leave (region, id, prosecutor, during, recorded_by)"
        " VALUES (%s, 1, 'P-510184-003', tstzrange(now(), now() + interval '3 days'), 'P-510184-002')",
        REGION,
    )

    def given_to_another():
        number = given_to_another.number = given_to_another.number + 1
        scorer.tell(clue(number))
        scorer.wait_handled()
        return open_assignment(database, number)[4] != "P-510184-003"

    given_to_another.number = 0
    wait_until(given_to_another)


def test_unaccepted_in_time_goes_from_person_to_person(house, scorer, database):
    for _ in range(2):  # two clocks that must not both take it
        house.start("assignment", **{**OPTIONS, "accept_within": "1s"})
    scorer.wait_for(2)
    scorer.tell(clue(1))
    scorer.wait_handled()
    wait_until(lambda: notices(database, "assignment_overdue"))
    people = [
        person
        for (person,) in database.rows("SELECT prosecutor FROM assignment.assignment WHERE clue = 1 ORDER BY opened_at")
    ]
    assert people[0] == "P-510184-003" and len(people) == len(set(people)) == 4
    assert people[2:] == ["P-510184-002", "P-510184-001"]  # two prosecutors, the head, the chief
    assert states(database, 1)[:3] == ["escalated"] * 3 and open_assignment(database, 1)[4] == "P-510184-001"
    assert {notice.person for notice in notices(database, "assignment_missed")} == set(people[:3])
    assert {notice.person for notice in notices(database, "assignment_escalated")} == set(people[1:])


def test_an_undecided_recusal_is_brought_to_mind(house, scorer, service, ask, database):
    scorer.tell(clue(1))
    scorer.wait_handled()
    number = open_assignment(database, 1)[0]
    ask("DeclareRecusal", assignment=number, actor="P-510184-003", ground="近亲属", procedure="pil")
    due = database.value("SELECT due_at FROM assignment.recusal")
    assert due - datetime.datetime.now(due.tzinfo) > datetime.timedelta(days=2)
    database.run("UPDATE assignment.recusal SET due_at = now()")
    wait_until(lambda: notices(database, "recusal_overdue"))
    assert [notice.person for notice in notices(database, "recusal_overdue")] == ["P-510184-001"]


def test_nothing_is_unassigned_in_silence(scorer, service, database):
    scorer.tell(clue(1, report_region=0), region=510999)
    scorer.wait_handled()
    assert database.row("SELECT organ, prosecutor FROM assignment.assignment WHERE region = 510999") == ("", "")
    assert [notice.role for notice in notices(database, "clue_unroutable")] == ["operator"]
    assert [notice.role for notice in notices(database, "organ_unstaffed")] == ["operator"]


def test_a_directory_loaded_meanwhile_is_seen_by_the_first_clue(house, database):
    """However lately it was read; and whoever came before that clue is given to somebody, too."""
    scoring = Scoring(house)
    try:
        house.start("assignment", **{**OPTIONS, "directory_every": "1h"})
        scoring.wait_for(1)
        scoring.tell(clue(1))
        scoring.wait_handled()
        assert open_assignment(database, 1)[1:5] == ("assigned", "", "", "")
        load_directory(database)
        scoring.tell(clue(2))
        scoring.wait_handled()
        assert open_assignment(database, 2)[4] == "P-510184-003"
        wait_until(lambda: open_assignment(database, 1)[4])
    finally:
        scoring.close()


def test_a_directory_that_operators_load_is_heard_of_at_once(house, database):
    """However seldom it is read, and though no clue comes after it."""
    scoring = Scoring(house)

    def load(*path):
        return house.wjz("directory", "load", ROOT.joinpath("deploy", *path), check=False)

    try:
        status, _, said = load("config", "holidays.yaml")  # nobody runs who could be told
        assert (status, said) == (0, "")
        started = house.start("assignment", **{**OPTIONS, "directory_every": "1h"})
        scoring.wait_for(1)
        scoring.tell(clue(1), clue(2, stars=2, mediation=True))
        scoring.wait_handled()
        assert [open_assignment(database, number)[1:5] for number in (1, 2)] == [("assigned", "", "", "")] * 2

        def placed():
            assert load("demo", "county.yaml")[0] == 0  # again: wjz may not have heard of the service yet
            return wait_until(lambda: open_assignment(database, 1)[4], 5)

        assert wait_until(placed) == "P-510184-003"
        wait_until(lambda: open_assignment(database, 2)[3:5] == ("ST-510184-01", ""))
        endpoint = database.value("SELECT request_endpoint FROM bus.instance WHERE name = %s", started.instance)
        with wire.Client(endpoint) as client:
            renewed = client.ask(wire.proto("assignment").RenewDirectory())
        there = database.row("SELECT (SELECT count(*) FROM directory.organ), count(*) FROM directory.person WHERE active")
        assert (renewed.organs, renewed.people) == there
    finally:
        scoring.close()


def test_a_directory_is_loaded_though_assignment_does_not_answer(house, database):
    """A process that stands still is heard of for a while: the load says so, and is done all the same."""
    started = house.start("assignment", **OPTIONS)

    def said():
        started.pause()
        try:
            path = ROOT / "deploy" / "demo" / "county.yaml"
            status, _, errors = house.wjz("directory", "load", path, check=False)
        finally:
            started.go_on()
        assert status == 0
        return "assignment will read it a little later" in errors

    wait_until(said)
    assert database.value("SELECT count(*) FROM directory.person WHERE code = 'P-510184-003'") == 1


def test_what_nobody_had_is_given_to_whoever_the_directory_has_by_then(house, database):
    scoring = Scoring(house)
    try:
        for _ in range(2):  # which must not both give it to somebody
            house.start("assignment", **OPTIONS)
        scoring.wait_for(2)
        waiting = [clue(number, stars=2 + number % 4, mediation=True) for number in range(1, 301)]  # more than a page of them
        scoring.tell(*waiting[:150])
        scoring.tell(*waiting[150:])
        scoring.wait_handled()
        assert {notice.template for notice in notices(database)} == {"assignment_new", "clue_unroutable", "organ_unstaffed"}
        load_directory(database)
        left = "SELECT count(*) FROM assignment.assignment WHERE organ = '' OR (stars >= 3) <> (prosecutor <> '')"
        wait_until(lambda: database.value(left) == 0)
        assert database.rows(
            "SELECT state, revision, count(*) FROM assignment.assignment GROUP BY state, revision"
        ) == [("assigned", 2, 300)]
        assert database.value("SELECT count(*) FROM assignment.history WHERE reason_code = 'directory_changed'") == 300
        told = [notice for notice in notices(database, "assignment_new") if notice.person or notice.role.startswith("duty:")]
        holders = database.rows("SELECT id, prosecutor FROM assignment.assignment ORDER BY id")
        assert sorted((notice.subject, notice.person) for notice in told) == holders
    finally:
        scoring.close()


def test_what_somebody_had_who_left_goes_to_the_next(scorer, service, ask, database):
    scorer.tell(clue(1), clue(2, complaint_count=5))
    scorer.wait_handled()
    before = {number: open_assignment(database, number) for number in (1, 2)}
    ask("AcceptAssignment", assignment=before[1][0], actor=before[1][4])
    for number in (1, 2):
        database.run("UPDATE directory.person SET active = false WHERE code = %s", before[number][4])

    def others_have_both():
        now = {number: open_assignment(database, number) for number in (1, 2)}
        return now if all(now[number][4] not in ("", before[1][4], before[2][4]) for number in now) else None

    now = wait_until(others_have_both)
    assert states(database, 1) == ["returned", "assigned"] and now[2][0] == before[2][0]
    returned = notices(database, "assignment_returned")
    assert [(notice.person, notice.values["reason"], notice.values["from"]) for notice in returned] == [
        ("P-510184-002", "absent", before[1][4])
    ]


def chosen_for_a_place(ask):
    """Whom a clue would go to by the directory that the service has read; "": nobody is there."""
    return ask("TraceRouting", town=510184107, place="怀远镇", stars=4, report_region=REGION, region=REGION).prosecutor


def test_what_somebody_had_who_is_missing_goes_to_the_next(scorer, service, ask, database):
    """Taken out of the directory altogether, one of them with accepted work. But nobody loses any while a directory is empty."""
    scorer.tell(clue(1), clue(2, complaint_count=5), clue(3, branch="civil", domain="none"))
    scorer.wait_handled()
    before = {number: open_assignment(database, number) for number in (1, 2, 3)}
    holders = {number: before[number][4] for number in before}
    for number in (1, 3):
        ask("AcceptAssignment", assignment=before[number][0], actor=holders[number])
    rows = "SELECT id, state, organ, prosecutor, revision FROM assignment.assignment WHERE clue <= 3 ORDER BY id"
    untouched = database.rows(rows)
    database.run("CREATE TABLE public.kept AS SELECT * FROM directory.person")
    for table in ("relation", "duty_pattern", "person"):
        database.run(f"DELETE FROM directory.{table}")
    wait_until(lambda: chosen_for_a_place(ask) == "")
    scorer.tell(clue(9, report_region=510181, place="灌口街道"))
    scorer.wait_handled()
    assert open_assignment(database, 9)[2:5] == ("JCY-510181", "", "")
    # Once another organ's clue is given to somebody, all that people had has been looked at, too.
    database.run("INSERT INTO directory.person SELECT * FROM public.kept WHERE code = 'P-510181-001'")
    wait_until(lambda: open_assignment(database, 9)[4] == "P-510181-001")
    assert database.rows(rows) == untouched

    database.run(
        "INSERT INTO directory.person SELECT * FROM public.kept WHERE code <> 'P-510181-001' AND code <> ALL (%s)",
        [holders[1], holders[2]],
    )

    def others_have_both():
        now = {number: open_assignment(database, number) for number in (1, 2)}
        return now if all(now[number][4] not in ("", holders[1], holders[2]) for number in now) else None

    now = wait_until(others_have_both)
    assert states(database, 1) == ["returned", "assigned"] and now[2][0] == before[2][0]
    assert database.value("SELECT predecessor FROM assignment.assignment WHERE id = %s", now[1][0]) == before[1][0]
    returned = notices(database, "assignment_returned")
    assert [(notice.person, notice.values["reason"], notice.values["from"]) for notice in returned] == [
        ("P-510184-002", "absent", holders[1])
    ]
    assert open_assignment(database, 3)[:5] == (before[3][0], "accepted", *before[3][2:5])  # he is there again
    held = "SELECT count(*) FROM assignment.history WHERE clue = 3"
    assert database.value(held) == 2


def test_routing_is_traced_without_doing_it(ask, database):
    trace = ask("TraceRouting", region=REGION, town=510184110, domain="eco_env", report_region=REGION, stars=4)
    assert (trace.organ, trace.station, trace.prosecutor) == ("JCY-510184", "ST-510184-01", "P-510184-003")
    assert any("JCY" not in step and "matched because" in step for step in trace.steps)
    assert any("P-510184-003" in step for step in trace.steps)
    assert database.value("SELECT count(*) FROM assignment.clue_state") == 0


def test_a_request_needs_its_region(database, service):
    endpoint = database.value("SELECT request_endpoint FROM bus.instance WHERE name = %s", service.instance)
    body = wire.proto("assignment").AcceptAssignment(assignment=1, actor="P-510184-003")
    with wire.Client(endpoint) as client, pytest.raises(wire.Refused) as refused:
        client.ask(body)
    assert refused.value.refusal.field == "region"


def test_people_and_the_clock_at_once_leave_one_open(house, scorer, database):
    """Acceptances race with messages, returns and the clock on 40 clues: every history stays a path, one open each."""
    services = [house.start("assignment", **{**OPTIONS, "accept_within": "1s"}) for _ in range(2)]
    scorer.wait_for(2)
    scorer.tell(*[clue(number) for number in range(1, 41)])
    scorer.wait_handled()
    endpoints = [
        database.value("SELECT request_endpoint FROM bus.instance WHERE name = %s", each.instance) for each in services
    ]
    problems = []

    def press(endpoint, seed):
        rolls = random.Random(seed)
        connection = database.connect()
        connection.autocommit = True
        with wire.Client(endpoint) as client, connection.cursor() as cursor:
            for _ in range(60):
                cursor.execute(
                    "SELECT id FROM assignment.assignment WHERE clue = %s AND ended_at IS NULL", (rolls.randint(1, 40),)
                )
                (number,) = cursor.fetchone()
                kind = rolls.choice(["AcceptAssignment", "ReturnAssignment"])
                extra = {"reason_code": "other", "reason": "x"} if kind == "ReturnAssignment" else {}
                body = getattr(wire.proto("assignment"), kind)(assignment=number, actor="P-510184-015", **extra)
                try:
                    client.ask(body, region=REGION)
                except wire.Refused as refused:
                    if refused.refusal.code != 3:  # CONFLICT: somebody was faster
                        problems.append(str(refused))
        connection.close()

    threads = [threading.Thread(target=press, args=(endpoint, seed)) for seed, endpoint in enumerate(endpoints)]
    for thread in threads:
        thread.start()
    for revision in range(2, 12):
        scorer.tell(*[clue(number, revision, stars=3 + revision % 3) for number in range(1, 41)])
    for thread in threads:
        thread.join()
    scorer.wait_handled()
    assert problems == [] and scorer.rejected == {}
    assert database.row(
        "SELECT count(*), count(DISTINCT clue) FROM assignment.assignment WHERE ended_at IS NULL"
    ) == (40, 40)
    broken = database.value(
        "SELECT count(*) FROM (SELECT from_state, lag(to_state) OVER (PARTITION BY assignment ORDER BY revision) AS before"
        " FROM assignment.history) h WHERE before IS NOT NULL AND before <> from_state"
    )
    assert broken == 0


@pytest.mark.parametrize(
    "options, says",
    [
        ({"routing": "bad.yaml"}, "bad.yaml:2: "),
        ({"routing": "absent.yaml"}, "absent.yaml"),
        ({"office_from": 17, "office_to": 9}, "office_from"),
    ],
)
def test_what_it_cannot_work_with_keeps_it_from_starting(house, tmp_path, options, says):
    (tmp_path / "bad.yaml").write_text("rules:\n  - {name: a, organ: X, when: {town: 12}}\n")
    if "routing" in options:
        options = {"routing": tmp_path / options["routing"]}
    house.expect_log(says)
    process = house.start("assignment", wait=False, **{**OPTIONS, **options})
    process.ended_by_test = True
    assert process.wait() == 1
    assert says in process.text()


def test_a_request_is_put_off_while_the_store_is_away(scorer, service, ask, cluster, database):
    scorer.tell(clue(1))
    scorer.wait_handled()
    number = open_assignment(database, 1)[0]
    cluster.stop()
    try:
        assert refusal_of(ask, "AcceptAssignment", assignment=number, actor="P-510184-003")[0] == "RETRY_LATER"
        assert refusal_of(ask, "RenewDirectory")[0] == "RETRY_LATER"
    finally:
        cluster.start()
    again = wait_until(lambda: ask("AcceptAssignment", assignment=number, actor="P-510184-003"))
    assert again.assignment.state == STATE["accepted"]
    scorer.tell(clue(2))
    scorer.wait_handled()
    assert wait_until(lambda: states(database, 2)) == ["assigned"]


def test_operators_check_rules_without_a_service(tmp_path):
    good = subprocess.run(
        [program("weijianzhi-assignment"), "check-routing", ROOT / "deploy/config/routing.yaml"],
        capture_output=True,
        text=True,
    )
    assert good.returncode == 0 and "0 failures" in good.stdout
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("rules:\n  - {name: a, organ: X}\nexpectations:\n  - {clue: {region: 510184}, organ: Y}\n")
    bad = subprocess.run([program("weijianzhi-assignment"), "check-routing", wrong], capture_output=True, text=True)
    assert bad.returncode == 1 and "line 4: expected organ Y, found X" in bad.stderr
    unknown = subprocess.run([program("weijianzhi-assignment"), "check-everything"], capture_output=True, text=True)
    assert unknown.returncode == 2
