"""Bounded waiting. A test never sleeps for a guessed time: it waits for what it wants to see."""

import datetime
import threading
import time

PAUSE = 0.02
# How long anything may take, in seconds: generous, because it costs nothing where the test passes, and a machine may be slow.
PATIENCE = 120.0
CIVIL = datetime.timezone(datetime.timedelta(hours=8))  # Asia/Shanghai
DAY = datetime.timedelta(days=1)


def wait_until(condition, timeout=PATIENCE, what=None):
    """The first true value of condition(). Raises AssertionError, naming what and the last value, when there is none.

    An exception of condition() counts as "not yet", and is shown when time is up. It is asked once more after that: a machine that
    stood still has not been waited for.
    """
    end = time.monotonic() + timeout
    while True:
        problem, over = None, time.monotonic() > end
        try:
            value = condition()
            if value:
                return value
        except Exception as error:  # the last one is reported
            value, problem = None, error
        if over:
            name = what or getattr(condition, "__name__", "condition")
            raise AssertionError(f"{name}: not within {timeout} s, last {problem or value!r}") from problem
        threading.Event().wait(PAUSE)


def attempts(timeout=PATIENCE):
    """For what is answered "later" for a while: `for _ in attempts(): …`, with a pause between, until time is up."""
    end = time.monotonic() + timeout
    yield
    while time.monotonic() < end:
        threading.Event().wait(PAUSE)
        yield


def civil_today():
    """The day in the county."""
    return datetime.datetime.now(CIVIL).date()


def to_midnight():
    """Seconds to the next midnight, the county's or that of UTC."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return min(((then := now.astimezone(zone)).replace(hour=0, minute=0, second=0, microsecond=0) + DAY - then).total_seconds()
               for zone in (CIVIL, datetime.timezone.utc))
