"""wjz clues merge|split|undo|decisions and wjz review, on a whole installation: what people decide reaches assignment."""

import json

import pytest

from wjzlib.installation import Installation
from wjzlib.wait import wait_until

WHO = ("--as", "P-510184-001", "--reason", "看过原件")


@pytest.fixture(scope="module")
def fed():
    made = Installation(WJZ_ROUNDS_EVERY="100ms", WJZ_WARNINGS_EVERY="200ms").up(scoring=2)
    made.wjz("demo", "load")
    made.wjz("demo", "feed", "--complaints", 600, "--seed", 2, "--push")
    made.wjz("queues", "--wait")
    made.areas_settled()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def settled(fed):
    """What was decided before has reached the warnings of areas, and these the clues."""
    fed.areas_settled()


def rows(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def clue_state(fed, clue):
    return fed.value("SELECT count(*) FROM assignment.assignment WHERE clue = %s AND ended_at IS NULL", clue)


def test_merge_and_undo_reach_assignment(fed):
    one, two = [clue["clue"] for clue in rows(fed.wjz("--json", "clues", "list", "--stars", 4, "--limit", 2))]
    merged = rows(fed.wjz("--json", "clues", "merge", one, two, *WHO))
    assert {clue["clue"] for clue in merged} == {one, two}
    gone = next(clue for clue in merged if clue["merged_into"])
    assert gone["merged_into"] in (one, two) and "已并入" in fed.wjz("clues", "show", gone["clue"]).stdout
    wait_until(lambda: clue_state(fed, gone["clue"]) == 0 and clue_state(fed, gone["merged_into"]) == 1)
    decision = rows(fed.wjz("--json", "clues", "decisions"))[0]
    assert (decision["kind"], decision["person"], decision["reason"]) == ("merge", WHO[1], WHO[3])
    after = rows(fed.wjz("--json", "clues", "undo", decision["decision"], *WHO))
    assert {clue["clue"]: clue["merged_into"] for clue in after} == {one: None, two: None}
    assert all(clue["complaints"] >= 1 for clue in after)
    wait_until(lambda: clue_state(fed, one) == 1 and clue_state(fed, two) == 1)
    assert {row["kind"] for row in rows(fed.wjz("--json", "clues", "decisions"))} == {"merge", "undo"}


def test_split_makes_a_clue_of_its_own(fed):
    clue = fed.value("SELECT id FROM scoring.clue WHERE merged_into = 0 AND complaint_count > 2 ORDER BY index DESC LIMIT 1")
    complaint = fed.value("SELECT min(complaint) FROM scoring.finding WHERE clue = %s", clue)
    before = fed.value("SELECT complaint_count FROM scoring.clue WHERE id = %s", clue)
    after = rows(fed.wjz("--json", "clues", "split", clue, "--complaint", complaint, *WHO))
    assert {row["clue"]: row["complaints"] for row in after}[str(clue)] == before - 1
    assert fed.value("SELECT clue FROM scoring.finding WHERE complaint = %s", complaint) != clue


def test_questions_are_listed_shown_and_answered(fed):
    asked = rows(fed.wjz("--json", "review", "list", "--kind", "repeat"))
    assert asked and all(row["state"] == "open" and row["complaint_b"] for row in asked)
    shown = fed.wjz("review", "show", asked[0]["review"]).stdout
    assert "支持与反对" in shown and "起点" in shown
    fed.wjz("review", "accept", asked[0]["review"], *WHO)
    again = fed.wjz("review", "reject", asked[0]["review"], *WHO, check=False)
    assert again.returncode == 1 and "CONFLICT" in again.stderr
    left = rows(fed.wjz("--json", "review", "list", "--kind", "repeat"))
    assert asked[0]["review"] not in {row["review"] for row in left}
    fed.wjz("review", "reject", left[0]["review"], *WHO)
    everything = {row["review"]: row["state"] for row in rows(fed.wjz("--json", "review", "list", "--all", "--limit", 1000))}
    assert everything[asked[0]["review"]] == everything[left[0]["review"]] == "decided"


def test_a_score_is_confirmed_but_not_rejected(fed):
    asked = [row for row in rows(fed.wjz("--json", "review", "list")) if row["kind"] in ("edge", "confidence")]
    assert asked
    assert fed.wjz("review", "reject", asked[0]["review"], *WHO, check=False).returncode == 2
    fed.wjz("review", "accept", asked[0]["review"], *WHO)
    assert fed.value("SELECT state FROM scoring.review WHERE id = %s", asked[0]["review"]) == "decided"


@pytest.mark.parametrize(
    "words",
    [
        ("clues", "merge", 1, 2),
        ("clues", "merge", 1, 2, "--as", "P-1"),
        ("clues", "merge", 1, *WHO),
        ("clues", "merge", 1, "x", *WHO),
        ("clues", "merge", 1, 2, *WHO),
        ("clues", "split", 1, *WHO),
        ("clues", "split", 1, "--complaint", "x", *WHO),
        ("clues", "undo", *WHO),
        ("clues", "undo", 5, *WHO),
        ("clues", "decisions", "--limit", 0),
        ("review", "list", "--kind", "other"),
        ("review", "show", 5),
        ("review", "accept", 5, *WHO),
    ],
)
def test_wrong_words_are_refused(fed, words):
    done = fed.wjz(*words, check=False)
    assert done.returncode in (1, 2) and done.stderr
