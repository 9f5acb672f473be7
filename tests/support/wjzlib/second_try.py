"""A test that failed is tried once more, in a run that notes it: the environment names the file (WJZ_SECOND_TRIES; tests/run does). Of a
thousand tests on living servers one that is raced must not hide what the others found; it is told at the end of the run, and to be mended.

The second try has new fixtures of its own; those of its module and of the session live on, but for one that could not be set up. What a
sanitizer found, and what crashed, is never tried again."""

import os
import pathlib
import re

import pytest
from _pytest.runner import runtestprotocol

DETAIL_LINES = 80  # of what failed the first time
FINAL = re.compile(
    r"AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error:|Assertion .* failed|terminated by signal"
    r"|ended with status (99|-\d)"
)


def file():
    """Where second tries are noted; None when a test has one try alone."""
    named = os.environ.get("WJZ_SECOND_TRIES")
    return pathlib.Path(named) if named else None


def note(name, why, details=()):
    """One line at the margin for each test, what is to be known about it indented below."""
    lines = [f"{name}: {why}", *(f"    {line}" for line in details)]
    with open(file(), "a") as notes:
        notes.write("\n".join(lines) + "\n")


def _what_failed(report):
    """(in a line, in full)"""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = report.longreprtext
    full = [text, *(f"-- {title}\n{content}" for title, content in report.sections)]
    return ((crash.message if crash else text) or report.when).splitlines()[0], "\n".join(full)


def _forget_failed_fixtures(item):
    for found in item._fixtureinfo.name2fixturedefs.values():
        for fixture in found:
            if fixture.cached_result is not None and fixture.cached_result[2] is not None:
                fixture.cached_result = None


def _try_again(item, failed):
    """Whether it may be; notes it, and shows it in the run's summary."""
    told = [_what_failed(report) for report in failed]
    if any(FINAL.search(full) for _, full in told):
        return False
    note(item.nodeid, told[0][0], "\n".join(full for _, full in told).splitlines()[-DETAIL_LINES:])
    for report in failed:
        report.outcome = "second try"
        item.ihook.pytest_runtest_logreport(report=report)
    _forget_failed_fixtures(item)
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    if file() is None:
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, log=False, nextitem=nextitem)
    failed = [report for report in reports if report.failed]
    if failed and _try_again(item, failed):
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def pytest_report_teststatus(report):
    if report.outcome == "second try":
        return "second try", "2", ("SECOND TRY", {"yellow": True})
    return None


def pytest_terminal_summary(terminalreporter):
    noted = file().read_text().splitlines() if file() and file().exists() else []
    names = [line for line in noted if not line.startswith(" ")]
    if names:
        terminalreporter.section(f"second tries, noted in {file()}")
        for name in names:
            terminalreporter.line(name)
