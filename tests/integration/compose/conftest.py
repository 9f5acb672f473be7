"""docker compose as an operator uses it. These tests need a Docker engine and minutes: only with --run-compose."""

import pathlib

import pytest

from composition import Composition

HERE = pathlib.Path(__file__).resolve().parent
REASON = "docker compose is tested on request: tests/run --compose (needs a Docker engine)"


def pytest_addoption(parser):
    parser.addoption("--run-compose", action="store_true", help="build the image and run the composition in containers")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--run-compose", default=False):
        return
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=REASON))


@pytest.fixture(scope="session")
def composition():
    """The composition with three scoring workers and the demonstration county; taken down with all it stored."""
    made = Composition()
    try:
        made.build()
        made.up("--scale", "scoring=3")
        made.wjz("demo", "load")
        yield made
    finally:
        made.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that failed shows what the containers said last."""
    report = (yield).get_result()
    made = item.funcargs.get("composition") if hasattr(item, "funcargs") else None
    if report.failed and made:
        report.sections.append(("containers", made.logs()))
