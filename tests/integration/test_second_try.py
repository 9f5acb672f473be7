"""What a second try is given to, what not, and what is said of it."""

import os
import re
import subprocess
import sys

import pytest

from wjzlib.paths import ROOT

CONFTEST = """
import sys
sys.path.insert(0, {support!r})
from wjzlib.second_try import pytest_report_teststatus, pytest_runtest_protocol, pytest_terminal_summary
"""
TESTS = """
import pytest
tries = []

@pytest.fixture(scope="module")
def doubtful():
    tries.append("doubtful")
    assert tries.count("doubtful") == 2
    yield tries
    tries.append("doubtful ended")

@pytest.fixture(scope="module")
def lasting():
    tries.append("lasting")
    yield
    tries.append("lasting ended")

@pytest.fixture
def own():
    tries.append("own")

def test_that_holds(lasting):
    pass

def test_raced(own, lasting):
    assert tries.count("own") == 2

def test_on_what_could_not_be_set_up(doubtful):
    assert tries.count("lasting") == 1 and "lasting ended" not in tries

def test_broken():
    assert False, "broken for good"

def test_that_crashed():
    tries.append("crashed")
    raise AssertionError("scoring-1 ended with status -11")

@pytest.fixture
def unclean():
    yield
    assert False, "ERROR: AddressSanitizer: heap-use-after-free"

def test_whose_service_is_unclean(unclean):
    tries.append("unclean")
    assert tries.count("unclean") == 2

def test_how_often():
    assert tries.count("crashed") == 1 and tries.count("unclean") == 1
"""


@pytest.fixture
def notes(tmp_path):
    return tmp_path / "second-tries"


def run_pytest(folder, **environment):
    folder.mkdir()
    (folder / "conftest.py").write_text(CONFTEST.format(support=str(ROOT / "tests/support")))
    (folder / "test_small.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)]
    kept = {name: value for name, value in os.environ.items() if name != "WJZ_SECOND_TRIES"}
    return subprocess.run(command, env={**kept, **environment}, capture_output=True, text=True)


def test_what_failed_is_tried_once_more_and_noted(tmp_path, notes):
    done = run_pytest(tmp_path / "tests", WJZ_SECOND_TRIES=str(notes))
    last = done.stdout.splitlines()[-1]
    # Of the unclean one both the test and its end are counted.
    assert re.search(r"\b3 failed, 4 passed, 1 error, 3 second try\b", re.sub(r"(, )?\d+ warnings?", "", last)), done.stdout
    noted = [line for line in notes.read_text().splitlines() if not line.startswith(" ")]
    assert [line.split(": ")[0].split("::")[1] for line in noted] == ["test_raced", "test_on_what_could_not_be_set_up", "test_broken"]
    assert "broken for good" in noted[2] and all(line in done.stdout for line in noted)


def test_by_hand_a_test_has_one_try(tmp_path):
    done = run_pytest(tmp_path / "tests")
    assert "second try" not in done.stdout
    assert "test_raced" in done.stdout and done.returncode == 1
