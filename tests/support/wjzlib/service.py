"""Running the product: processes with their logs, in a home folder of their own, on a database of the test's own."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import urllib.request

from . import metrics
from .paths import ROOT, program
from .wait import PATIENCE, attempts, wait_until

DRAIN = 120  # seconds in which a service must have ended in order, or it says so in its log
STOP_TIMEOUT = DRAIN + 20
# A line of a log that fails the test unless the test has announced it.
BAD_LINE = re.compile(
    r"level=error|AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error:|Assertion .* failed"
    r"|^==\d+==ERROR|SUMMARY: |terminated by signal"
)
# glibc's ucontext is watched with care, and says so once; our fibers tell AddressSanitizer of every switch.
HARMLESS = re.compile(r"ASan doesn't fully support makecontext/swapcontext functions")
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:exitcode=99",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=99",
}


class Process:
    """One running program. Its standard output and error go to one log file."""

    def __init__(self, name, command, environment, log):
        self.name = name
        self.log = pathlib.Path(log)
        self._file = open(log, "ab")
        self.ended_by_test = False
        self._process = subprocess.Popen(
            [str(word) for word in command],
            env={**os.environ, **SANITIZERS, **environment},
            stdin=subprocess.DEVNULL,
            stdout=self._file,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
        )

    @property
    def pid(self):
        return self._process.pid

    def running(self):
        return self._process.poll() is None

    def text(self):
        return self.log.read_text(errors="replace")

    def wait(self, timeout=STOP_TIMEOUT):
        """Its exit status."""
        return self._process.wait(timeout)

    def stop(self, timeout=STOP_TIMEOUT):
        """Asks it to end; fails when it does not, or not with status 0."""
        if self.running():
            self._process.send_signal(signal.SIGTERM)
        try:
            status = self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end within {timeout} s:\n{self.tail()}") from None
        finally:
            self._file.close()
        if not self.ended_by_test:
            assert status == 0, f"{self.name} ended with status {status}:\n{self.tail()}"

    def kill(self):
        """kill -9, as a crash."""
        self.ended_by_test = True
        self._process.kill()
        self.wait()

    def pause(self):
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self._process.send_signal(signal.SIGCONT)

    def tail(self, lines=30):
        return "\n".join(self.text().splitlines()[-lines:])


class Service(Process):
    """A process of one of the services. ready() when its administration address says so."""

    def __init__(self, house, name, instance, options):
        self.house = house
        self.instance = instance
        self._address = None
        arguments = [f"--{key}={_text(value)}" for key, value in options.items()]
        command = [*house.wrapper, program(f"weijianzhi-{name}"), f"--instance={instance}", *arguments]
        super().__init__(instance, command, house.environment, house.home / "log" / f"{instance}.log")

    def admin(self):
        """host:port of its administration address, as it has registered it."""
        if self._address is None:
            self._address = self.house.database.value(
                "SELECT admin FROM bus.instance WHERE name = %s AND pid = %s AND admin <> ''", self.instance, self.pid
            )
        return self._address

    def _is_ready(self):
        assert self.running(), f"{self.name} has ended:\n{self.tail()}"
        if not self.admin():
            return False
        with urllib.request.urlopen(f"http://{self.admin()}/readyz", timeout=PATIENCE) as answer:
            return answer.status == 200

    def wait_ready(self, timeout=3 * PATIENCE):
        try:
            wait_until(self._is_ready, timeout, f"{self.name} ready")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.tail()}") from None
        return self

    def metrics(self):
        return metrics.scrape(self.admin())

    def metric(self, name, **labels):
        return metrics.total(self.metrics(), name, **labels)


def run_wjz(words, environment, again, **how):
    """Runs it; when again, until the service that it asks is heard of: on a slow machine one is not for a while."""
    for _ in attempts():
        done = subprocess.run([str(program("wjz")), *map(str, words)], env=environment, capture_output=True, text=True, **how)
        if not again or "service is running: see" not in done.stderr:
            break
    return done


class House:
    """A home folder with keys and sockets, a database, and the services running on both."""

    def __init__(self, database):
        self.database = database
        # Short: the sockets' paths hold 107 bytes.
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="wjz-", dir="/tmp"))
        for folder in ("run", "log", "keys"):
            (self.home / folder).mkdir()
        self.environment = {
            "WJZ_HOME": str(self.home), "WJZ_DATABASE_URL": database.url, "WJZ_ROOT": str(ROOT), "WJZ_DRAIN": f"{DRAIN}s"
        }
        self.wrapper = []  # words put before every service's command, e.g. a debugger
        self.processes = []
        self.expected = []
        self._numbers = {}

    def start(self, name, wait=True, **options):
        """Starts an instance of a service, with options as they are in its option table."""
        number = self._numbers[name] = self._numbers.get(name, 0) + 1
        service = Service(self, name, options.pop("instance", f"{name}-{number}"), options)
        self.processes.append(service)
        return service.wait_ready() if wait else service

    def wjz(self, *arguments, check=True, input=None, timeout=5 * PATIENCE):
        """Runs the operators' command line; its (status, output, errors) when check is off, else its output."""
        environment = {**os.environ, **SANITIZERS, **self.environment}
        done = run_wjz(arguments, environment, check, cwd=ROOT, input=input, timeout=timeout)
        assert not check or done.returncode == 0, f"wjz {arguments}: status {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout if check else (done.returncode, done.stdout, done.stderr)

    def expect_log(self, pattern):
        """Announces error lines of the logs that match the pattern: they do not fail the test."""
        self.expected.append(re.compile(pattern))

    def bad_lines(self):
        found = []
        for log in sorted((self.home / "log").glob("*.log")):
            for line in log.read_text(errors="replace").splitlines():
                if not BAD_LINE.search(line) or HARMLESS.search(line):
                    continue
                if not any(pattern.search(line) for pattern in self.expected):
                    found.append(f"{log.name}: {line}")
        return found

    def close(self):
        """Stops everything, the last started first; fails on a bad end or a bad line in a log."""
        problems = []
        for process in reversed(self.processes):
            try:
                process.stop()
            except AssertionError as error:
                problems.append(str(error))
        problems += self.bad_lines()
        shutil.rmtree(self.home, ignore_errors=True)
        assert not problems, "\n".join(problems)


def _text(value):
    return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
