"""scoring as a process, on a real server: the test is intake, written a second time from proto/."""

import contextlib
import datetime
import itertools
import os
import random

import pytest

from wjzlib import wire
from wjzlib.producer import Producer
from wjzlib.wait import PATIENCE, wait_until

REGION = 510184
FIRST_DAY = datetime.datetime(2026, 9, 1, 8, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))

# Invented places and problems. Several wordings of one problem; the places differ in one character or two.
PLACES = ["锦棠苑小区", "锦棠里小区", "云岫府小区", "望桤公馆", "鹭栖湾小区", "棠湖壹号", "石桤村三组", "白鹤嘴村五组"]
PROBLEMS = [
    ["{}楼下烧烤店油烟直排，深夜扰民", "{}底层烧烤店没装油烟净化，烟全往楼上跑，半夜还在营业", "再次反映{}烧烤店油烟问题，城管来过没用"],
    ["{}旁边工地夜间施工，噪声太大", "{}对面的工地凌晨两点还在打桩，吵得无法睡觉", "{}边上工地夜里施工噪声，投诉多次仍未解决"],
    ["{}电梯经常困人，维保不到位", "{}电梯又把老人困在里面半小时，物业不修", "{}的电梯三天坏两次，困过人，请查维保记录"],
    ["{}旁河沟有人倾倒建筑垃圾和污水", "{}后面的河沟被倒满建筑垃圾，水都黑了", "{}河沟发黑发臭，有车夜里来倒渣土和污水"],
]


class Intake(Producer):
    """Writes complaints as intake would, and takes part in the queue as one of its instances."""

    def __init__(self, house):
        super().__init__(house, "intake")
        self.house, self.database = house, house.database
        self.database.run(
            "INSERT INTO intake.feed (name, title, profile, region, legal_basis, clue_source, source_kind)"
            " VALUES ('hotline', 'hotline', 'hotline', %s, 'test', 'complaint', 'hotline')",
            REGION,
        )

    def write(self, number, title, content="", at=None, **fields):
        row = {
            "id": number,
            "external_id": f"E-{number}",
            "title": title,
            "content": content,
            "received_at": at,
            "parent_id": "",
            "satisfaction": 0,
            "reporter_hash": number,
            "status": "",
            **fields,
        }
        self.database.run(
            f"INSERT INTO intake.complaint ({', '.join(row)}, region, feed, content_hash, redispatch_count, return_count,"
            " urge_count, delay_days, votes_for, votes_against, photo_count, solved, anonymous, confidential,"
            " source_channel, order_type, categories, incident_address, town, village, handler_unit, handle_result,"
            f" visit_note) SELECT {', '.join(['%s'] * len(row))}, %s, number, 0, 0, 0, 0, 0, 0, 0, 0, 0, false,"
            " false, '', '', '', '', '', '', '', '', '' FROM intake.feed WHERE name = 'hotline'",
            *row.values(),
            REGION,
        )

    def revise(self, number, title, content=""):
        self.database.run(
            "INSERT INTO intake.revision SELECT c.*, 1 FROM intake.complaint c WHERE id = %s", number
        )
        self.database.run("UPDATE intake.revision SET title = %s, content = %s WHERE id = %s", title, content, number)
        self.stand(number, revision=1)

    def stand(self, number, **fields):
        """Feedback: what intake.standing says of the complaint from now on."""
        self.database.run(
            "INSERT INTO intake.standing (region, complaint, changes) VALUES (%s, %s, 1)"
            " ON CONFLICT (region, complaint) DO UPDATE SET changes = intake.standing.changes + 1",
            REGION,
            number,
        )
        for name, value in fields.items():
            self.database.run(f"UPDATE intake.standing SET {name} = %s WHERE complaint = %s", value, number)

    def tell(self, name, ids, in_hand=8):
        """Sends one message; the consumers take turns, none has more than in_hand."""
        field = "record" if name == "EnforcementAccepted" else "complaint"
        self.send(getattr(wire.proto("intake"), name)(**{field: ids}), REGION, in_hand=in_hand)

    def accept(self, *ids):
        self.tell("ComplaintsAccepted", list(ids))
        self.wait_handled()

    def wait_handled(self, timeout=PATIENCE * 3):
        super().wait_handled(timeout)
        assert not self.rejected


@pytest.fixture
def intake(house):
    made = Intake(house)
    yield made
    made.close()


@pytest.fixture
def scorer(house, intake):
    started = house.start("scoring")
    intake.wait_for(1)
    return started


def at(day, hour=0):
    return FIRST_DAY + datetime.timedelta(days=day, hours=hour)


def clue_of(database, number):
    return database.value("SELECT clue FROM scoring.finding WHERE region = %s AND complaint = %s", REGION, number)


def together(database, *numbers):
    return len({clue_of(database, number) for number in numbers}) == 1


def groups(database):
    """The partition, whatever ids the clues have."""
    rows = database.rows("SELECT clue, array_agg(complaint ORDER BY complaint) FROM scoring.finding GROUP BY clue")
    return sorted(tuple(complaints) for _, complaints in rows)


def told(database):
    """All that was ever told of clues, in the order of their revisions."""
    covers = database.rows("SELECT envelope FROM scoring.outbox WHERE type LIKE '%%.CluesScored'")
    bodies = [wire.unpack(wire.proto("envelope").Envelope.FromString(bytes(cover))) for (cover,) in covers]
    return sorted((clue for body in bodies for clue in body.clues), key=lambda clue: (clue.clue, clue.revision))


def check_whole(database):
    """What must hold after anything: every finding in one living clue, and every living clue with its complaints."""
    assert not database.rows(
        "SELECT f.complaint FROM scoring.finding f LEFT JOIN scoring.clue c ON c.region = f.region AND c.id = f.clue"
        " AND c.merged_into = 0 WHERE c.id IS NULL"
    )
    assert not database.rows(
        "SELECT c.id FROM scoring.clue c LEFT JOIN scoring.finding f ON f.region = c.region AND f.clue = c.id"
        " WHERE c.merged_into = 0 GROUP BY c.id, c.complaint_count HAVING count(f.complaint) <> c.complaint_count"
    )


def test_repeats_become_one_clue_and_others_do_not(intake, scorer, database):
    intake.write(1, "锦棠苑小区楼下烧烤店油烟直排，深夜扰民", "锦棠苑小区楼下烧烤店油烟直排，半夜还在营业。", at(0))
    intake.write(2, "再次反映锦棠苑小区烧烤店油烟问题", "锦棠苑小区楼下烧烤店油烟仍然直排，城管来过没用。", at(3))
    intake.write(3, "锦棠苑小区电梯经常困人", "锦棠苑小区三栋电梯困人，维保不到位。", at(4))
    intake.write(4, "云岫府小区楼下烧烤店油烟直排，深夜扰民", "云岫府小区楼下烧烤店油烟直排，半夜还在营业。", at(5))
    intake.accept(1, 2, 3, 4)
    assert groups(database) == [(1, 2), (3,), (4,)]
    check_whole(database)


def test_a_clue_keeps_its_identity_as_it_grows(intake, scorer, database):
    intake.write(1, "锦棠苑小区楼下烧烤店油烟直排", "锦棠苑小区楼下烧烤店油烟直排，半夜还在营业。", at(5))
    intake.accept(1)
    clue = clue_of(database, 1)
    intake.write(2, "锦棠苑小区楼下烧烤店油烟直排", "锦棠苑小区楼下烧烤店油烟直排，深夜还在营业。", at(6))
    intake.accept(2)
    intake.write(3, "锦棠苑小区烧烤店油烟直排扰民", "早就反映过锦棠苑小区楼下烧烤店油烟直排。", at(1))
    intake.accept(3)
    assert clue_of(database, 1) == clue_of(database, 2) == clue_of(database, 3) == clue
    revision, count = database.row("SELECT revision, complaint_count FROM scoring.clue WHERE id = %s", clue)
    assert (revision, count) == (3, 3)
    check_whole(database)


def test_a_revision_moves_a_complaint_to_its_matter(intake, scorer, database):
    intake.write(1, "锦棠苑小区楼下烧烤店油烟直排", "锦棠苑小区楼下烧烤店油烟直排，半夜还在营业。", at(0))
    intake.write(2, "鹭栖湾小区对面工地夜间施工", "鹭栖湾小区对面工地凌晨打桩，噪声太大。", at(1))
    intake.write(3, "锦棠苑小区楼下烧烤店油烟直排", "锦棠苑小区楼下烧烤店油烟直排，扰民。", at(2))
    intake.accept(1, 2, 3)
    assert together(database, 1, 3) and not together(database, 2, 3)
    intake.revise(3, "鹭栖湾小区对面工地夜间施工", "鹭栖湾小区对面工地凌晨打桩，噪声太大，无法入睡。")
    intake.accept(3)
    assert together(database, 2, 3) and not together(database, 1, 3)
    assert database.value("SELECT revision FROM scoring.finding WHERE complaint = 3") == 2 - 1
    check_whole(database)


def test_a_bridge_merges_clues_and_says_so(intake, scorer, database):
    one = "石桤村三组河沟被倾倒建筑垃圾，污水直排，鱼都死了，已向环保局投诉三次至今未处理"
    two = "白岩厂夜里往石桤村三组河沟偷排污水，鱼死了一片，环保局投诉多次不管"
    intake.write(1, "石桤村三组河沟倾倒垃圾污水直排", one, at(0))
    intake.write(2, "白岩厂偷排污水", "白岩厂每天夜里偷排污水，鱼死了一片，投诉多次环保局不管。", at(1))
    intake.accept(1, 2)
    before = {clue_of(database, 1), clue_of(database, 2)}
    intake.write(3, "石桤村三组河沟倾倒垃圾污水直排，白岩厂偷排污水", one + "。" + two, at(2), parent_id="E-1")
    intake.accept(3)
    check_whole(database)
    merged = dict(database.rows("SELECT id, merged_into FROM scoring.clue WHERE merged_into <> 0"))
    assert set(merged) == before - {clue_of(database, 1), clue_of(database, 2)}
    for gone, heir in merged.items():
        assert heir == clue_of(database, 1)
        assert any(news.clue == gone and news.merged_into == heir for news in told(database)) == database.value(
            "SELECT told FROM scoring.clue WHERE id = %s", gone
        )


def test_the_platform_says_what_repeats_what(intake, scorer, database):
    intake.write(1, "棠湖壹号电梯困人", "棠湖壹号电梯困人，维保不到位，请查处。", at(0))
    intake.write(2, "催办", "棠湖壹号那件事怎么还没有人来处理？", at(9), parent_id="E-1")
    intake.accept(2)
    intake.accept(1)
    assert together(database, 1, 2)


def test_feedback_raises_the_index(intake, scorer, database):
    intake.write(1, "石桤村河道被倾倒建筑垃圾", "石桤村三组河道被人倾倒建筑垃圾，污水直排河道，鱼都死了。", at(0), status="closed")
    intake.accept(1)
    before = database.value("SELECT index FROM scoring.clue")
    intake.stand(1, satisfaction=5, visit_note="根本没有处理，垃圾还在河道里")
    intake.tell("FeedbackAccepted", [1])
    intake.wait_handled()
    assert database.value("SELECT index FROM scoring.clue") > before
    assert database.value("SELECT revision FROM scoring.finding") == 1


def test_a_turn_that_read_a_complaint_before_it_changed_reads_it_again(intake, scorer, database):
    """Whoever read it later may have had the region's lock before: here that one's finding is told by its revision."""
    numbers = list(range(1, 5))  # more than are read with the lock held
    for n in numbers:
        intake.write(n, f"{n}号院电梯困人", f"锦棠苑小区{n}号院电梯困人。", at(n))
    intake.accept(*numbers)
    later = "UPDATE scoring.finding SET revision = %s WHERE complaint = 2"
    database.run(later, 7)
    before = database.rows("SELECT complaint, scored_at FROM scoring.finding ORDER BY complaint")
    intake.tell("ComplaintsAccepted", numbers)
    wait_until(lambda: "was scored in a later state" in scorer.text(), what="the turn to be begun anew")
    assert database.rows("SELECT complaint, scored_at FROM scoring.finding ORDER BY complaint") == before
    database.run(later, 0)  # as if the later state had been read now
    intake.wait_handled()
    assert database.value("SELECT bool_and(revision = 0) FROM scoring.finding")
    check_whole(database)


def waiting(database, kind, wrote):
    """Whether a server process waits for a lock of that kind that has, or has not, written findings."""
    return database.value(
        "SELECT count(*) > 0 FROM pg_locks w WHERE w.locktype = %s AND NOT w.granted AND %s = EXISTS (SELECT FROM pg_locks h"
        " WHERE h.pid = w.pid AND h.relation = 'scoring.finding'::regclass AND h.mode = 'RowExclusiveLock' AND h.granted)",
        kind,
        wrote,
    )


FULL = 64  # messages that are a batch of their own while another one is handled


@contextlib.contextmanager
def worked_out(intake, database, first, later, wrote=True):
    """While a turn that takes the complaint first is being committed, and one that takes the later ones wants the lock: when it
    has written its findings, or before. With a cursor of the transaction that holds the first one up."""
    with contextlib.closing(database.connect()) as other, other, other.cursor() as held:
        held.execute("LOCK TABLE scoring.journal IN SHARE MODE")
        intake.tell("ComplaintsAccepted", [first])
        wait_until(lambda: waiting(database, "relation", True), what="a turn that is being committed")
        for number in later:
            intake.tell("ComplaintsAccepted", [number], in_hand=2 * FULL)
        wait_until(lambda: waiting(database, "advisory", wrote), what="the next one, that wants the lock")
        yield held
    intake.wait_handled()


@pytest.mark.parametrize("change", ["", "clue", "region"])
def test_a_turn_is_worked_out_while_the_one_before_is_committed(intake, scorer, database, change):
    """It has written its findings before it gets the lock; where the region has changed meanwhile it begins anew."""
    old, first, later = 1, 2, range(100, 100 + FULL)
    again = [number for number in later if number % 8 == 0]
    intake.write(old, PROBLEMS[0][0].format(PLACES[0]), "烧烤店油烟直排。", at(0))
    intake.write(first, PROBLEMS[2][0].format(PLACES[4]), "电梯经常困人。", at(0))
    for number in later:
        wording = PROBLEMS[0][number % 3].format(PLACES[0]) if number in again else f"{number}号院井盖丢失"
        intake.write(number, wording, f"第{number}次反映。", at(1))
    intake.accept(old)
    clue, revision = database.row("SELECT id, revision FROM scoring.clue")
    with worked_out(intake, database, first, later) as held:
        if change == "clue":
            held.execute("UPDATE scoring.clue SET revision = revision + 5 WHERE id = %s", (clue,))
        if change == "region":
            held.execute("INSERT INTO scoring.region_state (region, watch_version) VALUES (%s, 1)", (REGION,))
    assert ("is not as it was" in scorer.text()) == bool(change)
    assert not change or f"a {change} is not as it was" in scorer.text()
    assert together(database, old, *again) and clue_of(database, old) == clue
    assert database.value("SELECT revision FROM scoring.clue WHERE id = %s", clue) == revision + 1 + 5 * (change == "clue")
    assert database.value("SELECT count(*) FROM scoring.finding") == 2 + FULL
    check_whole(database)


def test_messages_may_come_early_twice_and_for_nothing(intake, scorer, database):
    intake.tell("FeedbackAccepted", [77])
    intake.wait_handled()
    assert groups(database) == []
    intake.write(1, "锦棠苑小区电梯困人", "锦棠苑小区电梯困人。", at(0))
    for _ in range(3):
        intake.accept(1, 1, 1)
    assert groups(database) == [(1,)]
    check_whole(database)


def test_only_what_is_worth_it_is_told_and_then_every_change(intake, scorer, database):
    intake.write(1, "咨询公积金提取", "请问公积金提取需要哪些材料？", at(0))
    intake.accept(1)
    assert told(database) == []
    text = "石桤村三组河道被人倾倒建筑垃圾，污水直排河道，鱼都死了，周边五十多户村民受影响，环保局投诉多次至今未处理。"
    intake.write(2, "石桤村三组河道污水直排", text, at(0))
    intake.accept(2)
    first = told(database)
    assert [news.revision for news in first] == [1] and first[0].stars >= 3 and list(first[0].complaint) == [2]
    intake.accept(2)  # scored again, nothing new
    assert len(told(database)) == 1
    intake.write(3, "石桤村三组河道污水直排", text, at(4))
    intake.accept(3)
    last = told(database)[-1]
    assert last.clue == first[0].clue and last.revision > 1 and last.complaint_count == 2


def punish(intake, database, subject):
    """A fine that was not paid."""
    database.run(
        "INSERT INTO intake.enforcement_record (id, content_hash, fine_fen, confiscated_fen, region, feed, pay_until, rectified,"
        " transferred_to_police, revoked, document_no, subject_name, subject_kind, credit_code, violation_kind, facts,"
        " legal_basis, penalty_kind, penalty, agency, agency_code, place, remark) SELECT 9, 0, 100, 0, %s, number,"
        " '2026-01-01', 0, 0, false, 'D-1', %s, '', '', '', '', '', '', '', '', '', '', '' FROM intake.feed",
        REGION,
        subject,
    )
    intake.tell("EnforcementAccepted", [9])
    intake.wait_handled()


def test_a_penalty_not_carried_out_lifts_the_matters_of_its_subject(intake, scorer, database):
    intake.write(1, "棠源化工厂污水直排", "石桤村的棠源化工厂每天夜里把污水直排河道，水发黑发臭。", at(0))
    intake.accept(1)
    before, subject = database.row("SELECT index, subject FROM scoring.clue")
    assert subject
    punish(intake, database, subject)
    assert database.value("SELECT index FROM scoring.clue") > before


def test_a_penalty_lifts_a_matter_that_comes_while_a_turn_is_committed(intake, scorer, database):
    """What is near a punished subject is looked at with the lock held, however the turn began."""
    text, before, first, later = "石桤村的棠源化工厂每天夜里把污水直排河道，水发黑发臭。", 1, 2, range(100, 100 + FULL)
    intake.write(before, "棠源化工厂污水直排", text, at(0))
    for number in [first, *later[1:]]:
        intake.write(number, f"{number}号院井盖丢失", f"第{number}次反映。", at(0))
    intake.write(later[0], "棠源化工厂污水直排", text.replace("石桤村", "白鹤嘴村"), at(40))
    intake.accept(before)
    plain, subject = database.row("SELECT index, subject FROM scoring.clue")
    punish(intake, database, subject)
    with worked_out(intake, database, first, later, wrote=False):
        pass
    assert database.value("SELECT index FROM scoring.clue WHERE id = %s", clue_of(database, later[0])) > plain
    check_whole(database)


def test_complaints_that_come_by_the_hundred_are_read_as_each_stands(intake, scorer, database):
    """In a flood they are read by stretches of the store: no other one with them, none as it is not any more."""
    for number in range(1, 81):
        intake.write(number, f"锦棠苑小区{number}栋电梯经常困人", "电梯困人，维保不到位。", at(0, number / 80))
    intake.revise(7, "云岫府小区底层烧烤店没装油烟净化", "云岫府小区烧烤店的烟全往楼上跑。")
    intake.stand(9, satisfaction=5, visit_note="根本没有处理")
    missing, left_out = 200, 50
    wanted = [number for number in [*range(1, 81), missing] if number != left_out]
    intake.accept(*wanted)
    found = dict(database.rows("SELECT complaint, revision FROM scoring.finding"))
    assert found == {number: int(number in (7, 9)) for number in wanted if number != missing}
    card = wire.proto("card")
    read = {
        number: card.Finding.FromString(bytes(finding))
        for number, finding in database.rows("SELECT complaint, finding FROM scoring.finding WHERE complaint = ANY (%s)", [7, 8, 9])
    }
    assert (read[8].satisfaction, read[9].satisfaction) == (0, 5)
    assert {read[number].feed for number in (7, 8, 9)} == {"hotline"}
    assert not together(database, 7, 8)
    check_whole(database)


def make_many(intake, seed):
    """Some 260 complaints of known matters; their numbers, in order of report."""
    pick = random.Random(seed)
    number = itertools.count(1)
    made = []
    for place, wordings in itertools.product(PLACES, PROBLEMS):
        for _ in range(pick.choice([1, 2, 3, 8, 16, 20])):
            wording = pick.choice(wordings).format(place)
            content = wording + "，" + pick.choice(wordings).format(place) + "。"
            when = None if pick.random() < 0.05 else at(pick.randrange(60), pick.randrange(24))
            made.append(next(number))
            intake.write(made[-1], wording, content, when)
    return made


def run_shuffled(house, intake, numbers, seed, workers):
    for _ in range(workers):
        house.start("scoring", wait=False)
    intake.wait_for(workers)
    pick = random.Random(seed)
    order = numbers[:]
    pick.shuffle(order)
    while order:
        size = min(len(order), pick.choice([1, 2, 7, 30, 64]))
        portion, order = order[:size], order[size:]
        intake.tell("ComplaintsAccepted", portion)
    intake.wait_handled()


@pytest.fixture(scope="module")
def expected():
    return {}


def clues(database):
    """What is said of each clue, whatever its id."""
    return database.rows(
        "SELECT array_agg(f.complaint ORDER BY f.complaint) AS who, c.index, c.stars, c.domain, c.kind FROM scoring.clue c"
        " JOIN scoring.finding f ON f.region = c.region AND f.clue = c.id GROUP BY c.id, c.index, c.stars, c.domain, c.kind"
        " ORDER BY who"
    )


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_the_outcome_depends_neither_on_workers_nor_on_order(house, intake, database, expected, workers):
    numbers = make_many(intake, seed=7)
    run_shuffled(house, intake, numbers, seed=workers, workers=workers)
    check_whole(database)
    outcome = groups(database), clues(database)
    assert sum(len(group) for group in outcome[0]) == len(numbers)
    assert len(outcome[0]) < len(numbers) / 2
    assert outcome == expected.setdefault("outcome", outcome)


def mixed_events(numbers):
    """Every complaint, and what comes of some of them: a revision to what another one says, people's verdict, both."""
    return (
        [("ComplaintsAccepted", number) for number in numbers]
        + [("revised", number) for number in numbers[::7]]
        + [("FeedbackAccepted", number) for number in numbers[::5]]
    )


def run_mixed(intake, numbers, seed):
    pick, events = random.Random(seed), mixed_events(numbers)
    rows = intake.database.rows("SELECT id, title, content FROM intake.complaint")
    texts = {number: (title, content) for number, title, content in rows}
    pick.shuffle(events)
    while events:
        size = pick.choice([1, 2, 7, 30, 64])
        portion, events = events[:size], events[size:]
        for kind, number in portion:
            if kind == "revised":
                intake.revise(number, *texts[numbers[(numbers.index(number) + 11) % len(numbers)]])
            elif kind == "FeedbackAccepted":
                intake.stand(number, satisfaction=5, visit_note="根本没有处理")
        for name in ("ComplaintsAccepted", "FeedbackAccepted"):
            told = {number for kind, number in portion if kind == name or (kind, name) == ("revised", "ComplaintsAccepted")}
            if told:
                intake.tell(name, sorted(told))
        if pick.random() < 0.3:
            intake.wait_handled()
    intake.wait_handled()


@pytest.mark.parametrize("order", range(int(os.environ.get("WJZ_ORDERS", "1"))))
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_revisions_and_feedback_come_in_any_order(house, intake, database, expected, workers, order):
    """WJZ_ORDERS=17 tries some fifty orders, which takes minutes."""
    numbers = make_many(intake, seed=7)
    for _ in range(workers):
        house.start("scoring")
    intake.wait_for(workers)
    run_mixed(intake, numbers, seed=100 * order + workers)
    check_whole(database)
    outcome = groups(database), clues(database)
    assert sum(len(group) for group in outcome[0]) == len(numbers)
    assert outcome == expected.setdefault("mixed", outcome)


def test_a_worker_that_starts_later_knows_what_others_found(house, intake, database):
    house.start("scoring")
    intake.wait_for(1)
    intake.write(1, "锦棠苑小区楼下烧烤店油烟直排", "锦棠苑小区楼下烧烤店油烟直排，半夜还在营业。", at(0))
    intake.accept(1)
    first = house.processes[0]
    first.stop()
    intake.consumers.clear()
    house.start("scoring")
    intake.wait_for(1)
    intake.write(2, "锦棠苑小区楼下烧烤店油烟直排", "锦棠苑小区楼下烧烤店油烟直排，扰民。", at(1))
    intake.accept(2)
    assert together(database, 1, 2)


def test_rescore_scores_all_of_a_region_again(house, intake, scorer, database):
    numbers = make_many(intake, seed=3)[:100]
    intake.accept(*numbers)
    before = groups(database)
    database.run("UPDATE scoring.finding SET scored_at = '2026-01-01'")
    endpoint = database.value("SELECT request_endpoint FROM bus.instance WHERE name = %s", scorer.instance)
    with wire.Client(endpoint) as client:
        begun = client.ask(wire.proto("scoring").Rescore(), region=REGION)
    assert begun.complaints == len(numbers)
    wait_until(
        lambda: not database.value("SELECT count(*) FROM scoring.finding WHERE scored_at < '2026-02-01'"),
        what="all scored again",
    )
    assert groups(database) == before
    check_whole(database)
