"""Where things are: the source tree, and the build folder under test (WJZ_BUILD, default build/)."""

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("WJZ_BUILD", ROOT / "build")).resolve()
MIGRATIONS = ROOT / "deploy" / "migrations"


def program(name):
    """A built program, e.g. "weijianzhi-intake" or "wjz"."""
    path = BUILD / "bin" / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is not built; set WJZ_BUILD to a build folder")
    return path
