"""Each page's main job, at 1440 and 390 pixels, in Chromium on a running county. What is tested stands in specs/."""

import pathlib

import pytest

SPECS = sorted(path.name for path in (pathlib.Path(__file__).parent / "specs").glob("*.test.mjs"))


@pytest.mark.parametrize("spec", SPECS)
def test_page(outcomes, spec):
    done = outcomes[spec].result()
    assert done.returncode == 0, done.stdout[-12000:] + done.stderr[-4000:]
