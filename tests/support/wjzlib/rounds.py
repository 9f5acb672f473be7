"""What scoring does by time rather than by messages (area warnings, alarms, digests, scans), seen from outside: waited for, or kept from
coming between two readings of a test. A store is anything with rows(sql, …) and value(sql, …): a Database, an Installation."""

from .wait import PATIENCE, wait_until

SERVICES = ["notification", "scheduling", "assignment", "scoring", "intake"]
NOBODY = 4000000  # no instance has that number
FREE = "lease_until < now()"
# Rounds of warnings, but for one that a test holds, that have not seen all that was scored; runs over all clues under way; messages. In one
# statement, which sees one moment: what one of them leaves to the next must not fall between two looks.
UNFINISHED = f"""
SELECT (SELECT count(*) FROM scoring.round r WHERE r.name = 'warnings' AND r.owner IS DISTINCT FROM {NOBODY} AND (NOT {FREE} OR r.seen <
         (SELECT coalesce(max(j.turn), 0) FROM scoring.journal j WHERE j.region = r.region)))
     + (SELECT count(*) FROM scoring.rescore WHERE state = 'running')
     + {" + ".join(f"(SELECT count(*) FROM {service}.outbox)" for service in SERVICES)}
"""


def waiting(store):
    """Messages that were not handled yet: who sent them to whom, what happened to them."""
    return store.rows(
        " UNION ALL ".join(
            f"SELECT '{s}' AS sender, destination, type, id, attempts, owner, due_at::text, error FROM {s}.outbox" for s in SERVICES
        )
        + " LIMIT 20"
    )


def handled(store, timeout=5 * PATIENCE):
    """Waits until no message waits anywhere."""
    try:
        wait_until(lambda: not waiting(store), timeout, "all messages handled")
    except AssertionError as problem:
        raise AssertionError(f"{problem}\n" + "\n".join(map(str, waiting(store)))) from None


def areas_settled(store, timeout=5 * PATIENCE):
    """Waits until no message waits, area warnings are those of all complaints, and the clues of their areas are scored with them."""
    try:
        wait_until(lambda: store.value(UNFINISHED) == 0, timeout, "area warnings worked out")
    except AssertionError as problem:
        raise AssertionError(f"{problem}\n" + "\n".join(map(str, waiting(store)))) from None


def hold(store, name):
    """Keeps that round from being done until the returned function is called."""
    take = f"UPDATE scoring.round SET owner = {NOBODY}, lease_until = 'infinity' WHERE name = %s AND {FREE} RETURNING 1"
    wait_until(lambda: store.rows(take, name), what=f"round {name} in nobody's hands")
    give = "UPDATE scoring.round SET lease_until = '-infinity', due_at = now() WHERE name = %s RETURNING 1"
    return lambda: store.rows(give, name)


def hold_all(store):
    """From now on scoring does nothing by time; what was begun is at its end."""
    wait_until(lambda: store.value("SELECT count(*) FROM scoring.round") > 0, what="rounds made")
    areas_settled(store)
    for (name,) in store.rows("SELECT name FROM scoring.round"):
        hold(store, name)
    handled(store)


def done(store, name, count=1):
    """Has every round of that name run that often from now on."""
    begin = f"UPDATE scoring.round SET done_at = NULL, seen = -1, due_at = now() WHERE name = %s AND {FREE} RETURNING 1"
    ended = "SELECT count(*) FROM scoring.round WHERE name = %s AND done_at IS NOT NULL"
    for _ in range(count):
        wait_until(lambda: store.rows(begin, name), what=f"round {name} in nobody's hands")
        wait_until(lambda: store.value(ended, name), what=f"round {name}")
