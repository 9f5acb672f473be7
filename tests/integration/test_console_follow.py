"""The console's copy of clues, step by step."""

import concurrent.futures
import contextlib

import psycopg2
from wjzlib.wait import PATIENCE, wait_until

REGION = 510184


def filled(house, complaints):
    """A database with clues that nobody works on any more."""
    for service in ("notification", "scheduling", "assignment", "scoring"):
        house.start(service)
    house.start("intake", door="tcp://127.0.0.1:*", http="127.0.0.1:0")
    house.wjz("demo", "load")
    house.wjz("demo", "feed", "--complaints", complaints, "--seed", 3, "--push")
    house.wjz("queues", "--wait")
    for process in house.processes:
        process.stop()
    return house.database


def test_small_steps_follow_a_flood_to_its_end(house):
    database = filled(house, 150)
    database.run("UPDATE scoring.finding SET scored_at = now() + interval '1 hour'")  # just now, however long this takes
    copied_all, looked_at = 0, []
    for _ in range(100):
        [(copied, more)] = database.rows("SELECT copied, more FROM console.follow_step(%s, 10)", REGION)
        copied_all += copied
        if not more:
            break
        assert copied <= 20
        looked_at.append(database.value("SELECT complaint FROM console.follow"))
    assert looked_at == sorted(set(looked_at)) and len(looked_at) >= 6  # on and on, though all came within moments
    assert copied_all == database.value("SELECT count(*) FROM scoring.clue") == database.value("SELECT count(*) FROM console.clue_copy")
    last = "(SELECT max(complaint) FROM scoring.finding)"
    assert database.value(f"SELECT {last} - complaint FROM console.follow") == 3000 << 22  # what is stored late is met when it comes
    clue = database.value(f"SELECT clue FROM scoring.finding WHERE complaint = {last}")
    database.run("UPDATE console.clue_copy SET revision = 0 WHERE clue = %s", clue)
    assert database.rows("SELECT copied, more FROM console.follow_step(%s, 1000)", REGION) == [(1, False)]
    database.run("UPDATE scoring.finding SET scored_at = now() - interval '1 minute'")
    assert database.rows("SELECT * FROM console.follow_step(%s, 1000)", REGION) == [(0, False, False)]


def test_what_was_looked_at_is_left_alone_until_scoring_has_a_turn(house):
    database = filled(house, 100)
    database.run("UPDATE scoring.finding SET scored_at = now() - interval '1 minute'")
    database.value("SELECT console.follow_step(%s, 1000)", REGION)  # to the end
    database.value("SELECT console.follow_step(%s, 1000)", REGION)  # and again, for what may have been stored late
    database.run("UPDATE console.follow SET walk = 9223372036854775807")  # the walk is over: what is met now, its complaint was looked at for
    database.run("UPDATE console.clue_copy SET revision = 0")
    step = "SELECT copied FROM console.follow_step(%s, 10)"
    assert database.value(step, REGION) == 0
    database.run("UPDATE console.follow SET walk = 9223372036854775807")
    database.run("INSERT INTO scoring.journal SELECT region, turn + 1, stamp + 1, entries FROM scoring.journal ORDER BY turn DESC LIMIT 1")
    assert database.value(step, REGION) == 10


def test_texts_are_copied_when_scoring_has_changed_the_clue(house):
    database = filled(house, 40)
    database.value("SELECT copied FROM console.follow_step(%s, 1000)", REGION)
    whole = "SELECT clue, title, body, grams, longitude, latitude, rated, dissatisfied, organ, state FROM console.clue_copy ORDER BY clue"
    copied = database.rows(whole)
    assert all(row[2] and row[3] for row in copied)
    database.run("UPDATE console.clue_copy SET body = 'of before', state = 'none', organ = ''")
    database.value("SELECT console.refresh(%s, ARRAY(SELECT clue FROM console.clue_copy))", REGION)
    again = database.rows(whole)
    assert all(row[2] == "of before" for row in again)
    assert [row[:2] + row[3:] for row in again] == [row[:2] + row[3:] for row in copied]
    database.run("UPDATE console.clue_copy SET revision = revision - 1, title = '', grams = '{}'")
    database.value("SELECT console.refresh(%s, ARRAY(SELECT clue FROM console.clue_copy))", REGION)
    assert database.rows(whole) == copied


def test_clues_are_copied_in_one_order_whoever_names_them(house):
    """A step of the follower and a decision about the same clues, named the other way round: one waits, neither is ended."""
    database = filled(house, 150)
    refresh = "SELECT console.refresh(%s, %s)"
    database.value("SELECT copied FROM console.follow_step(%s, 1000)", REGION)
    first, last = database.rows("SELECT min(clue), max(clue) FROM console.clue_copy")[0]
    as_in_large_tables = "-c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off"
    connections = [contextlib.closing(psycopg2.connect(database.url, options=as_in_large_tables)) for _ in range(2)]
    with concurrent.futures.ThreadPoolExecutor() as elsewhere, connections[0] as other, connections[1] as one:  # closed first: nobody waits for it
        one.cursor().execute(refresh, (REGION, [first]))
        copying = elsewhere.submit(other.cursor().execute, refresh, (REGION, [last, first]))
        waits = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s"
        wait_until(lambda: database.value(waits, other.info.backend_pid), what="the other waits")
        one.cursor().execute(refresh, (REGION, [last]))
        one.commit()
        copying.result(PATIENCE)


def test_the_console_follows_by_itself(house):
    for service in ("notification", "scheduling", "assignment", "scoring"):
        house.start(service)
    house.start("intake", door="tcp://127.0.0.1:*", http="127.0.0.1:0")
    house.wjz("demo", "load")
    house.start("console", console_http="127.0.0.1:0", console_follow_every="50ms")
    house.wjz("demo", "feed", "--complaints", 250, "--seed", 3, "--push")
    house.wjz("queues", "--wait")
    same = "SELECT (SELECT count(*) FROM console.clue_copy) = (SELECT count(*) FROM scoring.clue)"
    wait_until(lambda: house.database.value(same), what="clues copied")
