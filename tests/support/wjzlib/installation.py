"""A whole installation as an operator has it: `wjz up` with its own PostgreSQL, supervisor and services."""

import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile

import psycopg2

from . import rounds
from .paths import ROOT, program
from .rounds import SERVICES
from .service import SANITIZERS, run_wjz
from .wait import PATIENCE, civil_today, wait_until
from .wire import Client, curve_keys, proto

_given = set()


def free_port():
    """A port that nobody listens at, below those that the kernel gives to connections: whoever binds it later, or again after a crash,
    finds it free. Never the same twice."""
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(min(20000, first // 2), first)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in _given:
            _given.add(port)
            return port


def to_complaint(line):
    """A line of `wjz demo feed` as wjz.intake.Complaint: the fields have the same names."""
    import datetime

    intake = proto("intake")
    item = intake.Complaint()
    for key, value in json.loads(line).items():
        if key.endswith("_at"):
            setattr(item, key + "_us", int(datetime.datetime.fromisoformat(value).timestamp() * 1_000_000))
        elif key == "categories":
            item.categories.extend(value)
        elif key in ("reporter", "position"):
            for name, part in value.items():
                setattr(getattr(item, key), name, part)
        elif key == "satisfaction":
            item.satisfaction = intake.Satisfaction.Value(value.upper())
        else:
            setattr(item, key, value)
    return item


class Installation:
    def __init__(self, **environment):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="wjz-i-", dir="/tmp"))
        self.home.chmod(0o755)  # the server's user passes through
        self.environment = {
            "WJZ_HOME": str(self.home),
            "WJZ_ROOT": str(ROOT),
            "WJZ_DOOR": f"tcp://127.0.0.1:{free_port()}",
            "WJZ_HTTP": f"127.0.0.1:{free_port()}",
            "WJZ_NOTIFICATION_HTTP": f"127.0.0.1:{free_port()}",
            "WJZ_CONSOLE_HTTP": f"127.0.0.1:{free_port()}",
            **environment,
        }
        self.url = f"host={self.home}/postgres/socket dbname=weijianzhi user=wjz_owner"
        self._connection = None

    def _surroundings(self):
        return {**{k: v for k, v in os.environ.items() if not k.startswith("WJZ_")}, **SANITIZERS, **self.environment}

    def wjz(self, *words, check=True, timeout=5 * PATIENCE, input=None):
        done = run_wjz(words, self._surroundings(), check, timeout=timeout, input=input)
        assert not check or done.returncode == 0, f"wjz {' '.join(map(str, words))}: {done.stderr}{self.logs()}"
        return done

    @contextlib.contextmanager
    def lines(self, *words):
        """What it prints, line by line while it runs: for what is too much to be held."""
        with subprocess.Popen(
            [str(program("wjz")), *map(str, words)], env=self._surroundings(), stdout=subprocess.PIPE, text=True
        ) as running:
            yield running.stdout
        assert running.returncode == 0, f"wjz {' '.join(map(str, words))}: status {running.returncode}"

    def up(self, **scale):
        self.wjz("up", *[f"--scale={name}={count}" for name, count in scale.items()])
        return self

    def demo_feed(self, name="demo-hotline"):
        """Loads the demonstration county; admits our key to its feed. A connected client."""
        self.wjz("demo", "load")
        public, secret = curve_keys()
        defined = json.loads(self.wjz("--json", "feeds", "define", name, "--curve-key", public).stdout)
        return Client(defined["door_endpoint"], defined["door_public_key"], (public, secret))

    def rows(self, sql, *values):
        """Survives a restart of the server."""
        for attempt in range(2):
            try:
                if self._connection is None or self._connection.closed:
                    self._connection = psycopg2.connect(self.url)
                    self._connection.autocommit = True
                with self._connection.cursor() as cursor:
                    cursor.execute(sql, values)
                    return cursor.fetchall()
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                self._connection = None
                if attempt:
                    raise
        return []

    def value(self, sql, *values):
        return self.rows(sql, *values)[0][0]

    def supervisor(self):
        return int((self.home / "run/supervisor.pid").read_text())

    def _children(self):
        """{pid: command} of the supervisor's own children."""
        found = {}
        for folder in pathlib.Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                parent = int(folder.joinpath("stat").read_text().rsplit(")", 1)[1].split()[1])
                command = folder.joinpath("cmdline").read_bytes().split(b"\0")[0].decode()
            except (OSError, IndexError):
                continue
            if parent == self.supervisor():
                found[int(folder.name)] = command.rsplit("/", 1)[-1]
        return found

    def service_pids(self):
        return [pid for pid, command in self._children().items() if command.startswith("weijianzhi-")]

    def kill_one(self, chance=random):
        """SIGKILL to one of the services' processes; its pid, None when none runs just now."""
        pids = self.service_pids()
        if not pids:
            return None
        pid = chance.choice(sorted(pids))
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:  # it has just ended by itself
            return None
        return pid

    def signal_services(self, service, number):
        """To all processes of one service."""
        for pid, command in self._children().items():
            if command == f"weijianzhi-{service}":
                os.kill(pid, number)

    def restart_postgres(self, meanwhile=lambda: None):
        """Ends the server at once, as a crash of it would (SIGQUIT); the supervisor starts it again. meanwhile is called once the
        server has the signal."""
        pid = next(pid for pid, command in self._children().items() if command == "postgres")
        os.kill(pid, signal.SIGQUIT)
        meanwhile()
        wait_until(lambda: pid not in self._children() and self.value("SELECT 1") == 1, what="PostgreSQL is back")

    def settled(self, timeout=5 * PATIENCE):
        """Waits until no message waits anywhere."""
        rounds.handled(self, timeout)

    def areas_settled(self, timeout=5 * PATIENCE):
        """Waits until area warnings are those of all complaints, and the clues of their areas are scored with them."""
        rounds.areas_settled(self, timeout)

    def found_well(self):
        """Waits until `wjz doctor` finds nothing. The calendar is of this year, whenever this is tested."""
        calendar = self.home / "calendar.yaml"
        calendar.write_text(f"holidays:\n  - {{day: {civil_today().year}-12-25, working: true, name: 测试}}\n")
        self.wjz("directory", "load", calendar)
        wait_until(lambda: self.wjz("doctor", check=False).returncode == 0, what="nothing to be found")

    def dead_letters(self):
        tables = " UNION ALL ".join(f"SELECT '{s}' AS s, destination, type, error FROM {s}.dead_letter" for s in SERVICES)
        return self.rows(tables)

    def logs(self, lines=8):
        text = ""
        for log in sorted((self.home / "log").glob("*.log")):
            text += f"\n--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
        return text

    def close(self):
        if self._connection is not None:
            self._connection.close()
        self.wjz("down", check=False)
        shutil.rmtree(self.home, ignore_errors=True)
