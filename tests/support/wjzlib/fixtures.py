"""pytest fixtures of the integration and fault tests; a conftest.py imports them all.

cluster (session) → database (per test), module_database (per module) → house, module_house: services on it. A test that
provokes errors in a log announces them: @pytest.mark.expect_log("pattern"), or house.expect_log("pattern").
"""

import os
import sys

import pytest

from . import wire
from .cluster import Cluster
from .second_try import pytest_report_teststatus, pytest_runtest_protocol, pytest_terminal_summary  # noqa: F401
from .service import House
from .wait import to_midnight, wait_until

MIDNIGHT = 120  # seconds; a test takes less

sys.dont_write_bytecode = True
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes long, left out by tests/run --quick")
    config.addinivalue_line("markers", "expect_log(pattern): lines of level error in the services' logs that belong to the test")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that failed shows the end of every service's log."""
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        for name in ("house", "module_house"):
            house = item.funcargs.get(name)
            for process in house.processes if house else []:
                report.sections.append((f"log of {process.name}", process.tail(60)))


@pytest.fixture(scope="session")
def cluster():
    opened = Cluster().open()
    yield opened
    opened.close()


@pytest.fixture(scope="session", autouse=True)
def generated_protos():
    yield
    wire.forget_protos()


@pytest.fixture(autouse=True)
def one_day():
    """A test that reads the day twice gets the same one: none begins shortly before a midnight."""
    wait_until(lambda: to_midnight() > MIDNIGHT, 2 * MIDNIGHT, "midnight over")


@pytest.fixture
def database(cluster):
    made = cluster.database()
    yield made
    made.drop()


@pytest.fixture(scope="module")
def module_database(cluster):
    made = cluster.database()
    yield made
    made.drop()


@pytest.fixture
def house(request, database):
    opened = House(database)
    for mark in request.node.iter_markers("expect_log"):
        opened.expect_log(mark.args[0])
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def module_house(module_database):
    opened = House(module_database)
    yield opened
    opened.close()
