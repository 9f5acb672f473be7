"""When what was pushed had become a score, and a notice, by the store's own record of commits (track_commit_timestamp).

A score's row is written again whenever its matter is scored again, for a warning of the area or for another complaint, and has the time of the
last commit. The journal is never rewritten: each turn of scoring adds a row that names the complaints which it gave a clue, so that the first
row that names one was committed with its first score.
"""

import contextlib
import struct
import typing

import psycopg2

VERSIONS = (7, 8)  # of services/scoring/journal.c
HEAD, COUNT, PAIR = 1, struct.Struct("<I"), struct.Struct("<qq")
PUT_BYTES = 3 * 8 + 3 * 4 + 1  # of a complaint; the last one says how many keys of 4 bytes follow
COMMITTED_US = "(extract(epoch FROM pg_xact_commit_timestamp({}xmin)) * 1000000)::int8"

# Clues that others are told of for the first time, each with the transaction in which that was decided: its row's. Few
# are told of, and a condition of a trigger costs the others no call.
NOTE_TOLD = """
CREATE SCHEMA bench;
CREATE TABLE bench.told (region int4, clue int8);
CREATE FUNCTION bench.note_told() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
 $$ BEGIN INSERT INTO bench.told VALUES (NEW.region, NEW.id); RETURN NULL; END $$;
CREATE TRIGGER told_at_once AFTER INSERT ON scoring.clue FOR EACH ROW WHEN (NEW.told) EXECUTE FUNCTION bench.note_told();
CREATE TRIGGER told_later AFTER UPDATE ON scoring.clue FOR EACH ROW WHEN (NEW.told AND NOT OLD.told) EXECUTE FUNCTION bench.note_told();
"""


class FirstScore(typing.NamedTuple):
    us: int  # of its commit
    transaction: str
    clue: int  # that it was given


def given_clues(entries):
    """(complaint, clue)s that a row of the journal names."""
    if entries[0] not in VERSIONS:
        raise RuntimeError(f"the journal has version {entries[0]}: see journal.c")
    at = HEAD + COUNT.size
    for _ in range(COUNT.unpack_from(entries, HEAD)[0]):
        at += PUT_BYTES + 4 * entries[at + PUT_BYTES - 1]
    at += COUNT.size + PAIR.size * COUNT.unpack_from(entries, at)[0]  # joined
    (count,) = COUNT.unpack_from(entries, at)
    at += COUNT.size
    return PAIR.iter_unpack(entries[at : at + PAIR.size * count])


def first_scores(place):
    """{complaint: its FirstScore}, of all that were scored."""
    found = {}
    query = f"SELECT xmin::text, {COMMITTED_US.format('')}, entries FROM scoring.journal ORDER BY region, turn"
    for transaction, us, entries in place.rows(query):
        for complaint, clue in given_clues(bytes(entries)):
            found.setdefault(complaint, FirstScore(us, transaction, clue))
    return found


def complaints(place, names):
    """{external id: complaint}"""
    return dict(place.rows("SELECT external_id, id FROM intake.complaint WHERE external_id = ANY (%s)", list(names)))


def note_told(place):
    """From now on it is noted which transaction told of a clue first."""
    with contextlib.closing(psycopg2.connect(place.url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(NOTE_TOLD)


def first_notices(place):
    """[(transaction that told of the clue first, clue, when the first notice of its assignment was committed)], since note_told."""
    return place.rows(
        f"SELECT t.xmin::text, t.clue, min({COMMITTED_US.format('i.')}) FROM bench.told t"
        " JOIN assignment.assignment a ON a.region = t.region AND a.clue = t.clue"
        " JOIN notification.notice n ON n.region = a.region AND n.subject = a.id AND n.template = 'assignment_new'"
        " JOIN notification.inbox i ON i.handled_at = n.made_at GROUP BY 1, 2"
    )
