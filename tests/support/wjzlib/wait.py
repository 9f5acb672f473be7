"""Bounded waiting. A test never sleeps for a guessed time: it waits for what it wants to see."""

import threading
import time

PAUSE = 0.02


def wait_until(condition, timeout=20.0, what=None):
    """The first true value of condition(). Raises AssertionError, naming what and the last value, when there is none.

    An exception of condition() counts as "not yet", and is shown when time is up.
    """
    end = time.monotonic() + timeout
    while True:
        problem = None
        try:
            value = condition()
            if value:
                return value
        except Exception as error:  # the last one is reported
            value, problem = None, error
        if time.monotonic() > end:
            name = what or getattr(condition, "__name__", "condition")
            raise AssertionError(f"{name}: not within {timeout} s, last {problem or value!r}") from problem
        threading.Event().wait(PAUSE)
