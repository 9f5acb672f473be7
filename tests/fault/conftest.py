import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from wjzlib.fixtures import *  # noqa: E402,F401,F403


def pytest_addoption(parser):
    parser.addoption("--fault-full", action="store_true", help="20,000 complaints and 100 kills instead of the short run")
