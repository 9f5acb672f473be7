"""scheduling as a process: shifts from patterns, leave, appointments that nobody gets twice, visits for heavy clues."""

import concurrent.futures
import datetime
import random
import zoneinfo

import psycopg2
import pytest

from wjzlib import wire
from wjzlib.producer import Producer
from wjzlib.wait import wait_until

REGION = 510184
SHANGHAI = zoneinfo.ZoneInfo("Asia/Shanghai")
ZHANG, LI, WANG = (f"P-{REGION}-{number:03}" for number in (1, 2, 3))
STATION, OTHER = f"ST-{REGION}-01", f"ST-{REGION}-02"
EPOCH = datetime.date(1970, 1, 1)
OPTIONS = {"scheduling_sweep": "50ms", "plan_every": "1h", "plan_days": 14, "visit_lead": "1s"}


def today():
    return datetime.datetime.now(SHANGHAI).date()


def number(date):
    return (date - EPOCH).days


def micros(moment):
    return int(moment.timestamp() * 1e6)


def scheduling(name):
    return getattr(wire.proto("scheduling"), name)


@pytest.fixture
def county(database):
    database.run("INSERT INTO directory.organ (code, name, region, level) VALUES ('JCY-510184', '院', 510184, 'county')")
    for code, name in ((STATION, "小罗村"), (OTHER, "金鸡小区")):
        database.run(
            "INSERT INTO directory.station (region, code, organ, name, kind) VALUES (%s, %s, 'JCY-510184', %s, 'village')",
            REGION, code, name,
        )  # fmt: skip
    for code, name in ((ZHANG, "张三"), (LI, "李四"), (WANG, "王五")):
        database.run(
            "INSERT INTO directory.person (region, code, organ, name, roles, stations)"
            " VALUES (%s, %s, 'JCY-510184', %s, '{prosecutor}', %s::text[])",
            REGION, code, name, [STATION] if code != WANG else [],
        )  # fmt: skip
    return database


def duty(database, station, date, prosecutor, substitute=None, hours=("09:00", "12:00")):
    """A weekly duty on the weekday of the date."""
    database.run(
        "INSERT INTO directory.duty_pattern (region, station, weekday, from_time, to_time, prosecutor, substitute)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        REGION, station, date.isoweekday(), *hours, prosecutor, substitute,
    )  # fmt: skip


def next_days(count, start=1):
    return [today() + datetime.timedelta(days=start + i) for i in range(count)]


@pytest.fixture
def heard(house, county):
    made = Producer(house, "assignment")
    yield made
    made.close()


@pytest.fixture
def service(house, county):
    """Started by the test, once its duties are in the directory."""
    return lambda **options: house.start("scheduling", **{**OPTIONS, **options})


def ask(database, body, instance=1):
    endpoint = database.value(
        "SELECT request_endpoint FROM bus.instance WHERE service = 'scheduling' AND name = %s", f"scheduling-{instance}"
    )
    with wire.Client(endpoint) as client:
        return client.ask(body, region=REGION)


def refusal(database, body):
    with pytest.raises(wire.Refused) as refused:
        ask(database, body)
    told = refused.value.refusal
    return wire.proto("envelope").Refusal.Code.Name(told.code), told.field


def plan(database, days=14, station=""):
    first = number(today())
    return ask(database, scheduling("PlanShifts")(from_day=first, to_day=first + days - 1, station=station, actor=ZHANG))


def shifts(database, columns="station, prosecutor, state"):
    return [tuple(row) for row in database.rows(f"SELECT {columns} FROM scheduling.shift ORDER BY starts_at, station")]


def told(database):
    """What was asked of notification: (template, recipient) of every notice in the outbox."""
    found = []
    for (envelope,) in database.rows("SELECT envelope FROM scheduling.outbox ORDER BY id"):
        body = wire.unpack(wire.proto("envelope").Envelope.FromString(bytes(envelope)))
        for notice in getattr(body, "notices", []):
            found.append((notice.template, getattr(notice, notice.WhichOneof("to"))))
    return found


# --- shifts ---


def test_shifts_are_planned_by_themselves_and_once(county, service):
    tomorrow, after = next_days(2)
    duty(county, STATION, tomorrow, ZHANG)
    duty(county, OTHER, after, LI)
    service()
    wait_until(lambda: len(shifts(county)) == 4)
    assert shifts(county)[:2] == [(STATION, ZHANG, "planned"), (OTHER, LI, "planned")]
    starts, ends = county.row("SELECT starts_at, ends_at FROM scheduling.shift ORDER BY starts_at LIMIT 1")
    assert starts.astimezone(SHANGHAI) == datetime.datetime.combine(tomorrow, datetime.time(9), SHANGHAI)
    assert ends - starts == datetime.timedelta(hours=3)
    assert sorted(told(county)) == [("shift_planned", ZHANG), ("shift_planned", LI)]
    answer = plan(county)
    assert (answer.made, answer.kept, answer.removed, list(answer.unmet)) == (0, 4, 0, [])
    assert len(told(county)) == 2


def test_holidays_are_free_and_unmet_duties_explained(county, service):
    tomorrow, after = next_days(2)
    duty(county, STATION, tomorrow, ZHANG)
    duty(county, STATION, after, ZHANG)
    county.run("INSERT INTO directory.holiday VALUES (%s, false, '假日')", tomorrow)
    for code in (ZHANG, LI, WANG):
        county.run(
            "INSERT INTO scheduling.leave (region, id, prosecutor, during, recorded_by)"
            " VALUES (%s, %s, %s, tstzrange(now(), now() + interval '5 days'), 'x')",
            REGION, 100 + int(code[-1]), code,
        )  # fmt: skip
    service(plan_days=5)
    wait_until(lambda: shifts(county) == [(STATION, None, "unmet")])
    answer = plan(county, 5)
    assert (answer.made, len(answer.unmet)) == (0, 1)
    assert "小罗村" in answer.unmet[0] and "张三请假" in answer.unmet[0]
    assert told(county) == [("shift_unmet", "operator")]


def test_two_instances_plan_once(county, service):
    for date in next_days(7):
        duty(county, STATION, date, ZHANG)
    service(plan_every="20ms", scheduling_sweep="10ms")
    service(plan_every="20ms", scheduling_sweep="10ms")
    wait_until(lambda: len(shifts(county)) >= 13)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: ask(county, scheduling("PlanShifts")(from_day=number(today()), to_day=number(today()) + 13), 1 + i % 2), range(8)))
    assert county.value("SELECT count(*) - count(DISTINCT duty_day) FROM scheduling.shift") == 0


def test_leave_finds_substitutes_and_gives_the_same_answer_again(county, service):
    tomorrow, after = next_days(2)
    duty(county, STATION, tomorrow, ZHANG, LI)
    duty(county, OTHER, after, ZHANG)
    service(plan_days=7)
    wait_until(lambda: len(shifts(county)) == 2)
    begin = datetime.datetime.combine(tomorrow, datetime.time(0), SHANGHAI)
    leave = scheduling("RecordLeave")(
        prosecutor=ZHANG, from_us=micros(begin), to_us=micros(begin + datetime.timedelta(days=2)), reason="病假", actor=LI
    )
    answer = ask(county, leave)
    assert [(s.station, s.prosecutor) for s in answer.substitutions] == [(STATION, LI), (OTHER, WANG)]  # who has fewer shifts
    assert [row[1] for row in shifts(county)] == [LI, WANG]
    assert told(county).count(("shift_substituted", ZHANG)) == 2
    assert told(county).count(("shift_substituted", LI)) == told(county).count(("shift_substituted", WANG)) == 1
    assert "病假" not in str([row for row in county.rows("SELECT reason, change FROM scheduling.history")])
    again = ask(county, leave)
    assert again == answer
    assert county.value("SELECT count(*) FROM scheduling.leave") == 1
    for change, field in (({"prosecutor": "x"}, "prosecutor"), ({"to_us": leave.from_us}, "to_us"), ({"actor": ""}, "actor")):
        wrong = scheduling("RecordLeave").FromString(leave.SerializeToString())
        for name, value in change.items():
            setattr(wrong, name, value)
        assert refusal(county, wrong)[1] == field


def test_who_is_given_clues_without_having_duties_has_leave_too(county, service):
    """A chief procurator has the clues that all others are away from."""
    chief = f"P-{REGION}-901"
    county.run(
        "INSERT INTO directory.person (region, code, organ, name, roles) SELECT region, %s, organ, '检察长', '{chief_procurator}'"
        " FROM directory.person WHERE code = %s",
        chief,
        ZHANG,
    )
    service()
    (tomorrow,) = next_days(1)
    begin = datetime.datetime.combine(tomorrow, datetime.time(0), SHANGHAI)
    ask(
        county,
        scheduling("RecordLeave")(
            prosecutor=chief, from_us=micros(begin), to_us=micros(begin + datetime.timedelta(days=2)), reason="病假", actor=LI
        ),
    )
    assert county.value("SELECT lower(during) = %s FROM scheduling.leave WHERE prosecutor = %s", begin, chief)


def test_a_person_s_decision_outlasts_planning(county, service):
    (tomorrow,) = next_days(1)
    duty(county, STATION, tomorrow, ZHANG)
    duty(county, OTHER, tomorrow, LI)
    service(plan_days=5)
    wait_until(lambda: len(shifts(county)) == 2)
    shift = county.value("SELECT id FROM scheduling.shift WHERE station = %s", STATION)
    substitute = scheduling("SubstituteShift")
    assert refusal(county, substitute(shift=shift, prosecutor=LI, actor=ZHANG)) == ("CONFLICT", "prosecutor")
    assert refusal(county, substitute(shift=1, prosecutor=WANG, actor=ZHANG)) == ("NOT_FOUND", "shift")
    assert refusal(county, substitute(shift=shift, prosecutor="x", actor=ZHANG)) == ("NOT_FOUND", "prosecutor")
    assert refusal(county, substitute(shift=shift, prosecutor=WANG)) == ("INVALID", "actor")
    assert ask(county, substitute(shift=shift, prosecutor=WANG, actor=ZHANG, reason="换班")).prosecutor == WANG
    assert plan(county, 5).kept == 2
    assert shifts(county, "prosecutor, pinned") == [(WANG, True), (LI, False)]
    county.run(
        "INSERT INTO scheduling.leave (region, id, prosecutor, during, recorded_by)"
        " VALUES (%s, 1, %s, tstzrange(now(), now() + interval '3 days'), 'x')",
        REGION, ZHANG,
    )  # fmt: skip
    assert refusal(county, substitute(shift=shift, prosecutor=ZHANG, actor=LI)) == ("CONFLICT", "prosecutor")


def test_a_duty_that_falls_away_takes_its_appointments_with_it(county, service):
    (tomorrow,) = next_days(1)
    duty(county, STATION, tomorrow, ZHANG)
    service(plan_days=5)
    held, _ = book(county, email="guest@example.org")
    county.run("DELETE FROM directory.duty_pattern")
    assert plan(county, 5).removed == 1
    assert county.value("SELECT state FROM scheduling.appointment WHERE id = %s", held.appointment) == "cancelled"
    assert county.value("SELECT count(*) FROM scheduling.booking") == 0
    templates = [template for template, _ in told(county)]
    assert "shift_cancelled" in templates and templates.count("appointment_cancelled") == 2


# --- appointments ---


def slots(database, station=STATION):
    begin = datetime.datetime.now(SHANGHAI)
    return ask(
        database,
        scheduling("ListSlots")(
            station=station, from_us=micros(begin), to_us=micros(begin + datetime.timedelta(days=14))
        ),
    ).slots


def hold(slot, key, **fields):
    return scheduling("HoldAppointment")(
        shift=slot.shift,
        from_us=slot.from_us,
        minutes=30,
        guest_name="访客甲",
        guest_phone="13800000000",
        topic="咨询土地问题",
        idempotency_key=key,
        **fields,
    )


def book(database, email="", at=0, key="key-0001"):
    """A confirmed appointment: (what holding answered, its slot)."""
    slot = wait_until(lambda: slots(database))[at]
    held = ask(database, hold(slot, key, guest_email=email))
    ask(database, scheduling("ConfirmAppointment")(appointment=held.appointment, token=held.token))
    return held, slot


def test_an_appointment_is_held_confirmed_and_cancelled(county, service):
    duty(county, STATION, next_days(1)[0], ZHANG)
    service(plan_days=5, remind_before="1m")  # not within a day of the appointment, or a reminder is told in between
    open_slots = wait_until(lambda: slots(county))
    assert len(open_slots) == 6 and {slot.prosecutor for slot in open_slots} == {ZHANG}
    held = ask(county, hold(open_slots[1], "key-0001"))
    assert [slot.from_us for slot in slots(county)] == [slot.from_us for i, slot in enumerate(open_slots) if i != 1]
    confirm, cancel = scheduling("ConfirmAppointment"), scheduling("CancelAppointment")
    assert refusal(county, confirm(appointment=held.appointment, token="0" * 32)) == ("FORBIDDEN", "token")
    assert refusal(county, confirm(appointment=held.appointment, actor="nobody")) == ("FORBIDDEN", "actor")
    assert refusal(county, confirm(appointment=1, token=held.token)) == ("NOT_FOUND", "appointment")
    for _ in range(2):
        assert ask(county, confirm(appointment=held.appointment, token=held.token)).state == "confirmed"
    complete = scheduling("CompleteAppointment")
    assert refusal(county, complete(appointment=held.appointment, actor=ZHANG)) == ("CONFLICT", "appointment")
    for _ in range(2):
        assert ask(county, cancel(appointment=held.appointment, actor=ZHANG, reason="有会")).state == "cancelled"
    assert refusal(county, confirm(appointment=held.appointment, token=held.token)) == ("CONFLICT", "appointment")
    assert len(slots(county)) == 6
    assert [row for row in told(county) if row[0].startswith("appointment")] == [
        ("appointment_confirmed", ZHANG),
        ("appointment_cancelled", ZHANG),
    ]


def test_twenty_at_once_get_one_slot_once(county, service):
    duty(county, STATION, next_days(1)[0], ZHANG)
    for _ in range(2):
        service(plan_days=5)
    slot = wait_until(lambda: slots(county))[0]

    def attempt(i):
        try:
            return ask(county, hold(slot, f"key-{i:04}"), 1 + i % 2)
        except wire.Refused as refused:
            return wire.proto("envelope").Refusal.Code.Name(refused.refusal.code)

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(attempt, range(20)))
    assert answers.count("CONFLICT") == 19
    assert county.value("SELECT count(*) FROM scheduling.appointment") == 1
    assert county.value("SELECT count(*) FROM scheduling.booking") == 1


def test_overlapping_holds_exclude_each_other(county, service):
    duty(county, STATION, next_days(1)[0], ZHANG)
    service(plan_days=5)
    slot = wait_until(lambda: slots(county))[0]
    hour = hold(slot, "key-hour")
    hour.minutes = 60
    ask(county, hour)
    later = hold(slot, "key-late")
    later.from_us += int(45 * 60e6)
    assert refusal(county, later) == ("CONFLICT", "from_us")
    later.from_us += int(15 * 60e6)
    ask(county, later)


def test_the_same_request_gets_the_same_answer(county, service):
    duty(county, STATION, next_days(1)[0], ZHANG)
    service(plan_days=5)
    open_slots = wait_until(lambda: slots(county))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(county, hold(open_slots[0], "key-0001")), range(8)))
    assert all(answer == answers[0] for answer in answers) and len(answers[0].token) == 32
    assert county.value("SELECT count(*) FROM scheduling.appointment") == 1
    assert refusal(county, hold(open_slots[1], "key-0001")) == ("CONFLICT", "idempotency_key")


def test_what_a_guest_says_is_sealed(county, service):
    duty(county, STATION, next_days(1)[0], ZHANG)
    service(plan_days=5)
    held, _ = book(county, email="guest@example.org")
    (row,) = county.rows("SELECT a::text, guest FROM scheduling.appointment a")
    for text in ("访客甲", "13800000000", "土地", "guest@example.org", held.token):
        assert text not in row[0] and text.encode() not in bytes(row[1])
    with county.connect("wjz_operator") as connection, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        connection.cursor().execute("SELECT guest FROM scheduling.appointment")


def test_a_hold_that_is_not_confirmed_ends(county, service):
    duty(county, STATION, next_days(1)[0], ZHANG)
    service(plan_days=5, hold_for="200ms")
    slot = wait_until(lambda: slots(county))[0]
    held = ask(county, hold(slot, "key-0001"))
    wait_until(lambda: county.value("SELECT state FROM scheduling.appointment") == "expired")
    assert county.value("SELECT count(*) FROM scheduling.booking") == 0
    confirm = scheduling("ConfirmAppointment")(appointment=held.appointment, token=held.token)
    assert refusal(county, confirm) == ("CONFLICT", "appointment")
    ask(county, hold(slot, "key-0002"))


def test_wrong_requests_are_named(county, service):
    duty(county, STATION, next_days(1)[0], ZHANG)
    service(plan_days=5)
    slot = wait_until(lambda: slots(county))[0]
    for change, expected in (
        ({"minutes": 20}, ("INVALID", "minutes")),
        ({"guest_name": ""}, ("INVALID", "guest_name")),
        ({"guest_phone": "x"}, ("INVALID", "guest_phone")),
        ({"idempotency_key": ""}, ("INVALID", "idempotency_key")),
        ({"shift": 1}, ("NOT_FOUND", "shift")),
        ({"from_us": slot.from_us + 1}, ("INVALID", "from_us")),
        ({"from_us": slot.from_us - int(3600e6)}, ("INVALID", "from_us")),
        ({"from_us": 1}, ("INVALID", "from_us")),
    ):
        wrong = hold(slot, "key-0001")
        for name, value in change.items():
            setattr(wrong, name, value)
        assert refusal(county, wrong) == expected
    list_slots, first = scheduling("ListSlots"), number(today())
    assert refusal(county, list_slots(from_us=1, to_us=2)) == ("INVALID", "station")
    assert refusal(county, list_slots(station=STATION, from_us=2, to_us=2)) == ("INVALID", "to_us")
    assert refusal(county, scheduling("PlanShifts")(from_day=first, to_day=first - 1)) == ("INVALID", "to_day")
    assert county.value("SELECT count(*) FROM scheduling.booking") == 0


def test_people_are_reminded_once(county, service):
    duty(county, STATION, next_days(1)[0], ZHANG)
    for _ in range(2):
        service(plan_days=5, remind_before="3d")
    book(county, email="guest@example.org")
    wait_until(lambda: [row[0] for row in told(county)].count("appointment_reminder") == 2)
    (guest,) = [to for template, to in told(county) if template == "appointment_reminder" and to != ZHANG]
    assert guest.email == "guest@example.org" and guest.name == guest.phone == ""
    plan(county)
    assert [row[0] for row in told(county)].count("appointment_reminder") == 2


def test_what_was_carried_out_is_recorded(county, service):
    duty(county, STATION, next_days(1)[0], ZHANG)
    service(plan_days=5)
    (came, _), (missed, _) = book(county), book(county, at=1, key="key-0002")
    county.run("UPDATE scheduling.appointment SET starts_at = now() - interval '1 hour'")
    complete = scheduling("CompleteAppointment")
    for _ in range(2):
        assert ask(county, complete(appointment=came.appointment, actor=ZHANG, note="已答复")).state == "completed"
        assert ask(county, complete(appointment=missed.appointment, actor=ZHANG, no_show=True)).state == "no_show"
    assert county.value("SELECT count(*) FROM scheduling.history WHERE kind = 'appointment'") == 6


# --- visits ---


def assignment(name, revision=1, state="ASSIGNED", **fields):
    fields = {"stars": 4, "look_on_spot": True, "prosecutor": ZHANG, "station": STATION, "organ": "JCY-510184", **fields}
    states = wire.proto("assignment").State
    return wire.proto("assignment").AssignmentState(
        assignment=name, clue=1000 + name, state=states.Value(state), revision=revision, **fields
    )


def tell(heard, *assignments, **how):
    message = heard.send(wire.proto("assignment").AssignmentsChanged(assignments=assignments), REGION, **how)
    heard.wait_handled()
    return message


def visits(database):
    rows = database.rows(
        "SELECT assignment, v.state, s.prosecutor, v.starts_at FROM scheduling.visit v"
        " LEFT JOIN scheduling.shift s ON s.region = v.region AND s.id = v.shift ORDER BY assignment"
    )
    return {row[0]: tuple(row[1:]) for row in rows}


def outcome(database):
    return {name: row[0] for name, row in visits(database).items()}


def test_heavy_clues_get_a_visit_each(county, service, heard):
    first, second = next_days(2)
    duty(county, OTHER, first, ZHANG)
    duty(county, STATION, second, LI)
    service()
    heard.wait_for(1)
    wait_until(lambda: shifts(county))
    message = tell(
        heard,
        assignment(1),
        assignment(2, prosecutor=WANG),
        assignment(3, stars=3),
        assignment(4, look_on_spot=False),
        assignment(5, state="CLOSED", revision=3),
        assignment(6, prosecutor=WANG, station=""),
    )
    tell(heard, assignment(1), id=message)
    tell(heard, assignment(1), assignment(1))
    assert outcome(county) == {1: "proposed", 2: "proposed", 6: "waiting"}
    assert visits(county)[1][1] == ZHANG and visits(county)[2][1] == LI
    assert visits(county)[1][2].astimezone(SHANGHAI).date() == first
    proposed = [to for template, to in told(county) if template == "visit_proposed"]
    assert sorted(proposed) == sorted([ZHANG, WANG, LI])


def test_a_visit_ends_with_its_assignment_in_whatever_order_the_news_come(county, service, heard):
    duty(county, STATION, next_days(1)[0], ZHANG)
    service()
    heard.wait_for(1)
    wait_until(lambda: shifts(county))
    stories = {
        1: [assignment(1, 1), assignment(1, 2, "ACCEPTED"), assignment(1, 3, "CLOSED")],
        2: [assignment(2, 1), assignment(2, 2, "ACCEPTED")],
        3: [assignment(3, 1), assignment(3, 2, stars=3)],
        4: [assignment(4, 1, stars=3), assignment(4, 2, stars=5)],
        5: [assignment(5, 1), assignment(5, 2, stars=3), assignment(5, 3, "VERIFYING", stars=5)],
        6: [assignment(6, 1), assignment(6, 2, "RETURNED")],
    }
    news = [item for story in stories.values() for item in story] * 2
    random.Random(5).shuffle(news)
    for item in news:
        tell(heard, item)
    needed = {name for name, state in outcome(county).items() if state in ("proposed", "waiting")}
    assert needed == {2, 4, 5}
    assert set(outcome(county).values()) <= {"proposed", "withdrawn", "waiting"}
    heard_of = "SELECT assignment, revision FROM scheduling.visit UNION ALL SELECT assignment, revision FROM scheduling.assignment_heard"
    newest = dict(county.rows(f"SELECT assignment, max(revision) FROM ({heard_of}) remembered GROUP BY 1"))
    assert newest == {name: len(story) for name, story in stories.items()}
    both = "SELECT (SELECT count(*) FROM scheduling.booking), (SELECT count(*) FROM scheduling.visit WHERE state = 'proposed')"
    taken, proposed = county.row(both)
    assert taken == proposed


def test_a_declined_visit_moves_and_a_free_slot_serves_who_waits(county, service, heard):
    first, second = next_days(2)
    duty(county, STATION, first, ZHANG, hours=("09:00", "10:00"))
    duty(county, STATION, second, ZHANG, hours=("09:00", "10:00"))
    service(plan_days=5)
    heard.wait_for(1)
    wait_until(lambda: shifts(county))
    tell(heard, assignment(1, urgent=True))
    tell(heard, assignment(2))
    tell(heard, assignment(3))
    assert outcome(county) == {1: "proposed", 2: "proposed", 3: "waiting"}
    number_of = dict(map(tuple, county.rows("SELECT assignment, id FROM scheduling.visit")))
    answer = scheduling("AnswerVisit")
    assert refusal(county, answer(visit=1, actor=ZHANG)) == ("NOT_FOUND", "visit")
    assert refusal(county, answer(visit=number_of[1], actor="x")) == ("FORBIDDEN", "actor")
    assert refusal(county, answer(visit=number_of[3], actor=ZHANG, accept=True)) == ("CONFLICT", "visit")
    for _ in range(2):
        accepted = ask(county, answer(visit=number_of[1], actor=ZHANG, accept=True))
        assert (accepted.state, accepted.station) == ("accepted", STATION)
    declined = ask(county, answer(visit=number_of[2], actor=ZHANG, accept=False, reason="开庭"))
    assert declined.state == "waiting"  # the other slot is taken
    wait_until(lambda: outcome(county) == {1: "accepted", 2: "waiting", 3: "proposed"})
    tell(heard, assignment(1, 2, "CLOSED"))
    wait_until(lambda: outcome(county) == {1: "withdrawn", 2: "proposed", 3: "proposed"})


def test_a_proposal_that_nobody_answered_is_made_again(county, service, heard):
    first, second = next_days(2)
    duty(county, STATION, first, ZHANG, hours=("09:00", "10:00"))
    duty(county, STATION, second, ZHANG, hours=("09:00", "10:00"))
    service(plan_days=5)
    heard.wait_for(1)
    wait_until(lambda: shifts(county))
    tell(heard, assignment(1))
    before = visits(county)[1]
    county.run("UPDATE scheduling.visit SET starts_at = now() - interval '2 hours', ends_at = now() - interval '1 hour'")
    wait_until(lambda: visits(county)[1][0] == "proposed" and county.value("SELECT proposals FROM scheduling.visit") == 2)
    assert visits(county)[1][2] == before[2]


def test_many_visits_by_two_instances_share_what_there_is(county, service, heard):
    for date in next_days(7):
        duty(county, STATION, date, ZHANG)
    for count in (1, 2):
        service(scheduling_sweep="1h")
        heard.wait_for(count)
    wait_until(lambda: len(shifts(county)) >= 13)
    for start in range(0, 200, 10):
        heard.send(
            wire.proto("assignment").AssignmentsChanged(assignments=[assignment(start + i) for i in range(10)]), REGION
        )
    heard.wait_handled()
    assert not heard.rejected
    states = list(outcome(county).values())
    assert len(states) == 200 and set(states) <= {"proposed", "waiting"}
    proposed = states.count("proposed")
    assert proposed == county.value("SELECT count(*) FROM scheduling.booking") and 18 <= proposed <= 42
    overlap = county.value(
        "SELECT count(*) FROM scheduling.booking a JOIN scheduling.booking b ON a.shift = b.shift AND a.id < b.id"
        " AND a.during && b.during"
    )
    assert overlap == 0


def test_appointments_and_visits_never_share_a_time(county, service, heard):
    duty(county, STATION, next_days(1)[0], ZHANG, hours=("09:00", "11:00"))
    service(plan_days=5)
    heard.wait_for(1)
    _, slot = book(county)
    tell(heard, assignment(1), assignment(2))
    assert sorted(outcome(county).values()) == ["proposed", "waiting"]
    assert micros(visits(county)[1][2]) >= slot.to_us


# --- privileges ---


def test_only_scheduling_writes_and_history_stays(county):
    county.run(
        "INSERT INTO scheduling.leave (region, id, prosecutor, during, reason, recorded_by)"
        " VALUES (%s, 1, 'x', tstzrange(now(), now() + interval '1 day'), '病假', 'y')",
        REGION,
    )
    for role, statement in (
        ("wjz_scheduling", "UPDATE scheduling.history SET actor = 'x'"),
        ("wjz_scheduling", "DELETE FROM scheduling.appointment"),
        ("wjz_scheduling", "INSERT INTO directory.holiday VALUES (now(), true, 'x')"),
        ("wjz_assignment", "UPDATE scheduling.shift SET state = 'cancelled'"),
        ("wjz_assignment", "SELECT reason FROM scheduling.leave"),
        ("wjz_notification", "SELECT * FROM scheduling.leave"),
    ):
        with county.connect(role) as connection, pytest.raises(psycopg2.errors.InsufficientPrivilege):
            connection.cursor().execute(statement)
    with county.connect("wjz_assignment") as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT prosecutor, during FROM scheduling.leave")
        assert cursor.fetchone()[0] == "x"
