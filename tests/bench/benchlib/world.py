"""The installation that is measured: a cluster of its own, and a fresh product database in it as often as one is wanted."""

import contextlib
import json
import pathlib
import subprocess
import time
import urllib.error
import urllib.request

import psycopg2
from wjzlib import rounds
from wjzlib.installation import SERVICES, Installation
from wjzlib.paths import BUILD
from wjzlib.wait import wait_until
from wjzlib.wire import curve_keys

from . import feed

FEED = "demo-hotline"
SETTLE_S = 180
TABLE = "intake.complaint"
BOUND_S = 240
SLICE = 50000  # complaints that are loaded at a time
LOAD_S = 1800  # for one slice


def bench_program(name, *words):
    """Runs a program of the build's bench folder; its line of JSON."""
    done = subprocess.run([str(BUILD / "bench" / name), *map(str, words)], capture_output=True, text=True, timeout=BOUND_S)
    if done.returncode != 0:
        raise RuntimeError(f"{name}: {done.stderr}")
    return json.loads(done.stdout)


def _says_ready(admin):
    try:
        with urllib.request.urlopen(f"http://{admin}/readyz", timeout=2) as answer:
            return answer.status == 200
    except urllib.error.URLError:
        return False


def _memory(pid, field):
    """Megabytes; 0 of a process that has just ended."""
    with contextlib.suppress(OSError):
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    return 0


def _processor_us(pid):
    """Processor time of all threads so far; 0 of a process that has just ended."""
    total = 0
    with contextlib.suppress(OSError):
        for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
            total += int(stat.read_text().split()[0]) / 1000
    return total


def _children_of(parent):
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rsplit(")", 1)[1].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


class World:
    def __init__(self):
        self.place = Installation()
        self.rows_file = self.place.home / "rows"  # of intake.complaint, as COPY BINARY writes them
        self.feed_file = self.place.home / "complaints"
        self.keys = curve_keys()
        self.door = ()
        self.sequence = 1  # of the next batch
        self.memory = {}  # most resident MB seen, by kind of process
        self._pushing_us = 0  # of processor, by pushes that ended
        self._admin_url = self.place.url.replace("dbname=weijianzhi", "dbname=postgres")
        self._bench_url = self.place.url.replace("dbname=weijianzhi", "dbname=bench")

    # --- beginning and end

    def begin(self, complaints, seed):
        with self.place.lines("demo", "feed", "--complaints", complaints, "--seed", seed) as lines:
            feed.write(lines, self.feed_file, seed)
        self.place.up(**{service: 0 for service in SERVICES})
        self._sql(self._admin_url, "ALTER SYSTEM SET track_commit_timestamp = on")  # when was it stored? See stored.py
        self._sql(self._admin_url, "CREATE DATABASE bench")
        self.place.restart_postgres()
        self.place.environment["WJZ_DATABASE_URL"] = self._bench_url  # the limit is measured on the same table, by the same migrations
        self.place.wjz("migrate")
        del self.place.environment["WJZ_DATABASE_URL"]
        self._populate(scoring=0)

    def _populate(self, **scale):
        self.scale(**{service: 1 for service in SERVICES} | scale)
        self.place.wjz("demo", "load")
        defined = json.loads(
            self.place.wjz("--json", "feeds", "define", FEED, "--curve-key", self.keys[0], "--rate", 1000000).stdout
        )
        self.door = (defined["door_endpoint"], defined["door_public_key"], *self.keys, FEED)
        self.sequence = 1

    def close(self):
        self.place.close()

    # --- databases

    @staticmethod
    def _sql(url, *statements):
        with contextlib.closing(psycopg2.connect(url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)

    def fresh(self, **scale):
        """An empty database, never analysed, and processes that have seen no other."""
        self.scale(**{service: 0 for service in SERVICES})
        if self.place._connection is not None:
            self.place._connection.close()
        self._sql(self._admin_url, "DROP DATABASE weijianzhi WITH (FORCE)", "CREATE DATABASE weijianzhi")
        self.place.wjz("migrate")
        self._populate(**scale)

    def keep_rows(self, most):
        """The first stored complaints become the rows that the store's limit is measured with."""
        with contextlib.closing(psycopg2.connect(self.place.url)) as connection, connection.cursor() as cursor:
            with open(self.rows_file, "wb") as file:
                query = f"SELECT * FROM {TABLE} ORDER BY id LIMIT {int(most)}"
                cursor.copy_expert(f"COPY ({query}) TO STDOUT BINARY", file)

    # --- processes

    def scale(self, **wanted):
        self.place.wjz("scale", *[f"{service}={count}" for service, count in wanted.items()])
        wait_until(lambda: self._ready(wanted), 60, f"processes as wanted: {wanted}")

    def _ready(self, wanted):
        running = {}
        for command in self.place._children().values():
            running[command] = running.get(command, 0) + 1
        if any(running.get(f"weijianzhi-{service}", 0) != count for service, count in wanted.items()):
            return False
        if not any(wanted.values()):
            return True
        listed = self.place.rows("SELECT service, admin FROM bus.instance WHERE heartbeat_at > now() - interval '2 seconds'")
        for service, count in wanted.items():
            if sum(name == service and _says_ready(admin) for name, admin in listed) < count:
                return False
        return True

    def note_memory(self):
        """The most that each kind of process has held; of PostgreSQL's what is not shared between them."""
        own = self.place._children()
        server = next(pid for pid, command in own.items() if command == "postgres")
        for pid, command in own.items():
            if pid != server:
                self._note(command, _memory(pid, "VmHWM"))
        for pid in _children_of(server):
            self._note("postgres, a process's own", _memory(pid, "RssAnon"))

    def _note(self, kind, megabytes):
        self.memory[kind] = max(self.memory.get(kind, 0), megabytes)

    def processor_us(self):
        """{kind of process: microseconds of processor so far}; of PostgreSQL's by whom they work for, without what is asked
        from here. Of the platform that pushes what it took while its clock ran."""
        own = self.place._children()
        server = next(pid for pid, command in own.items() if command == "postgres")
        query = "SELECT pid, rtrim(application_name, '-0123456789') FROM pg_stat_activity WHERE application_name <> ''"
        clients = dict(self.place.rows(query))
        kinds = {pid: command for pid, command in own.items() if pid != server}
        children = set(_children_of(server)) - {self.place.value("SELECT pg_backend_pid()")}
        kinds |= {pid: f"postgres, for {clients[pid]}" if pid in clients else "postgres itself" for pid in children}
        total = {"the platform that pushes": self._pushing_us}
        for pid, kind in kinds.items():
            total[kind] = total.get(kind, 0) + _processor_us(pid)
        return total

    # --- measuring

    def limit(self, mode, *words):
        """As bench_limit prints it; in a database of its own in the same cluster."""
        return bench_program("bench_limit", mode, self._bench_url, TABLE, self.rows_file, *words)

    def push(self, **settings):
        """As bench_push prints it. Everything must be accepted."""
        pushed = bench_program(
            "bench_push", *self.door, self.feed_file, *[f"{k}={v}" for k, v in {"sequence": self.sequence, **settings}.items()]
        )
        self._pushing_us += pushed["processor_us"]
        if "sequence" not in settings:
            self.sequence += pushed["batches"]
        return pushed

    def load(self, complaints, more, seed, **scale):
        """A fresh database with that many complaints, come in by the feed's own door and scored; `more` are left in the
        file for later. Seconds it took."""
        self.begin(complaints + more, seed)
        self.fresh(**scale)
        begun = time.monotonic()
        for first in range(0, complaints, SLICE):
            self.push(**{"from": first}, count=min(SLICE, complaints - first))
            self.settled(LOAD_S)
            if first == 0:
                self.analyse()  # as autovacuum does for tables that fill while the days pass
        self.analyse()
        return time.monotonic() - begun

    def settled(self, within=SETTLE_S):
        """Every message was handled."""
        tables = " AND ".join(f"NOT EXISTS (SELECT FROM {service}.outbox)" for service in SERVICES)
        wait_until(lambda: self.place.value(f"SELECT {tables}"), within, "all messages handled")

    def analyse(self):
        self._sql(self.place.url, "ANALYZE", "CHECKPOINT")

    def all_assigned_us(self, complaints):
        """When the last clue's assignment was stored. Raises when something is missing."""
        self.settled()
        scored = self.place.value("SELECT count(*) FROM scoring.finding")
        without = self.place.value(
            "SELECT count(*) FROM scoring.clue c WHERE stars >= 3 AND merged_into = 0 AND NOT EXISTS (SELECT FROM"
            " assignment.assignment a WHERE a.region = c.region AND a.clue = c.id AND a.state = 'assigned')"
        )
        if scored != complaints or without:
            raise RuntimeError(f"{scored} of {complaints} complaints scored, {without} clues without assignment")
        return int(
            self.place.value(
                "SELECT extract(epoch FROM max(pg_xact_commit_timestamp(xmin))) * 1000000 FROM"
                " (SELECT xmin FROM scoring.inbox UNION ALL SELECT xmin FROM assignment.inbox) handled"
            )
        )

    def all_scored(self, names, within=SETTLE_S):
        """These complaints were. While everything is scored again some message is always under way."""
        query = (
            "SELECT count(*) FROM intake.complaint c JOIN scoring.finding f ON f.region = c.region AND f.complaint = c.id"
            " WHERE c.external_id = ANY (%s)"
        )
        wait_until(lambda: self.place.value(query, list(names)) == len(names), within, "live complaints scored")

    def at_rest(self):
        """Nothing is left to do for what is there: the console has copied its clues, and what scoring does by time is done."""
        self.rounds_done()
        behind = (
            "SELECT count(*) FROM scoring.clue c LEFT JOIN console.clue_copy k ON k.region = c.region AND k.clue = c.id"
            " WHERE k.revision IS DISTINCT FROM c.revision"
        )
        wait_until(lambda: self.place.value(behind) == 0, SETTLE_S, "clues copied")

    def rounds_done(self):
        """What scoring does by time — area warnings, the scan — is done for all that is there, and will not be due soon."""
        wait_until(lambda: self.place.value("SELECT count(*) FROM scoring.round") > 0, SETTLE_S, "rounds made")
        for (name,) in self.place.rows("SELECT name FROM scoring.round ORDER BY name"):
            rounds.done(self.place, name)
        rounds.areas_settled(self.place, SETTLE_S)
