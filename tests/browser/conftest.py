"""One demonstration county for all pages: `wjz up` with every service, fed, with logins whose passwords are known here."""

import json
import os
import pathlib
import secrets
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
import requests

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from wjzlib.fixtures import pytest_configure  # noqa: E402,F401
from wjzlib.installation import Installation, free_port  # noqa: E402
from wjzlib import rounds  # noqa: E402
from wjzlib.paths import BUILD, program  # noqa: E402
from wjzlib.second_try import pytest_terminal_summary  # noqa: E402,F401
from wjzlib.wait import PATIENCE  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
COMPLAINTS = 300


@pytest.fixture(scope="session")
def packages():
    """playwright-core and axe-core, installed when the lock file is newer than they are."""
    stamp, lock = HERE / "node_modules/.package-lock.json", HERE / "package-lock.json"
    if not stamp.exists() or stamp.stat().st_mtime < lock.stat().st_mtime:
        subprocess.run(["npm", "ci", "--no-progress", "--loglevel=error"], cwd=HERE, check=True, timeout=1200)
        stamp.touch()


def enter(url, login, password):
    """Does what the first login asks for; the password that counts afterwards."""
    browser = requests.Session()
    answer = browser.post(f"{url}/api/v1/session", json={"login": login, "password": password}, timeout=PATIENCE)
    answer.raise_for_status()
    session = answer.json()
    if session["stage"] != "password":
        return password
    wanted = secrets.token_urlsafe(18)
    browser.post(
        f"{url}/api/v1/me/password",
        json={"current": password, "new": wanted},
        headers={"X-CSRF-Token": session["csrf_token"]},
        timeout=PATIENCE,
    ).raise_for_status()
    return wanted


def push_doubtful(made):
    """Complaints of which some pairs may be one matter and may be two: a question for people."""
    problems = [
        ["{}楼下烧烤店油烟直排，深夜扰民", "{}底层烧烤店没装油烟净化，烟全往楼上跑，半夜还在营业", "再次反映{}烧烤店油烟问题，城管来过没用"],
        ["{}旁河沟有人倾倒建筑垃圾和污水", "{}后面的河沟被倒满建筑垃圾，水都黑了", "{}河沟发黑发臭，有车夜里来倒渣土和污水"],
    ]
    titles = [text.format(place) for place in ["锦棠苑小区", "云岫府小区", "鹭栖湾小区", "石桤村三组"] for texts in problems for text in texts]
    lines = [
        {
            "external_id": f"Q-{i}",
            "title": title,
            "content": title + "，请处理。",
            "town": "崇阳街道",
            "received_at": f"2026-10-{i + 1:02d}T08:00:00+08:00",
            "reporter": {"phone": f"130{i:08d}"},
        }
        for i, title in enumerate(titles)
    ]
    key = json.loads(made.wjz("--json", "feeds", "define", "demo-hotline", "--new-bearer-key").stdout)["bearer_key"]
    made.environment["WJZ_FEED_KEY"] = key
    door = f"http://{made.environment['WJZ_HTTP']}"
    made.wjz("push", "--feed", "demo-hotline", "--url", door, "-", input="\n".join(json.dumps(line, ensure_ascii=False) for line in lines))


@pytest.fixture(scope="session")
def county():
    """{url, logins, installation} of a running, fed county."""
    address = f"127.0.0.1:{free_port()}"
    made = Installation(WJZ_CONSOLE_HTTP=address, WJZ_CONSOLE_LOGIN_RATE="1000", WJZ_CONSOLE_REQUEST_RATE="1000", WJZ_CONSOLE_ASK_TIMEOUT="60s")
    try:
        made.up()
        made.wjz("demo", "load")
        made.wjz("demo", "feed", "--complaints", COMPLAINTS, "--seed", 7, "--push")
        push_doubtful(made)
        made.wjz("queues", "--wait")
        rounds.hold_all(made)  # what somebody looks at changes by what people do alone
        url = f"http://{address}"
        rows = [json.loads(line) for line in made.wjz("--json", "accounts", "demonstration").stdout.splitlines()]
        logins = {row["login"]: enter(url, row["login"], row["password"]) for row in rows}
        house = {"home": str(made.home), "program": str(program("wjz")), "environment": made.environment}
        yield {"url": url, "logins": logins, "installation": house}
    finally:
        made.close()


# These stop a service, score many clues again, measure time, or push clues that the others would find and work on: nothing else is
# tested meanwhile.
ALONE = {"services.test.mjs", "rules.test.mjs", "slow.test.mjs", "map.test.mjs", "evidence.test.mjs", "keyboard.test.mjs"}
AT_ONCE = 2


@pytest.fixture(scope="session")
def outcomes(request, packages, county, tmp_path_factory):
    """{file of tests: what its run in Chromium gave, to be waited for}, of those that were chosen; two files at a time."""
    chosen = [item.callspec.params["spec"] for item in request.session.items if "outcomes" in item.fixturenames]
    scratch = {spec: tmp_path_factory.mktemp("scratch") for spec in chosen}  # here: two threads at once would each make a base folder

    def go(spec):
        # Debian's Chromium; of the newest kernels' sandbox a container often has none.
        environment = {
            **os.environ,
            "WJZ_URL": county["url"],
            "WJZ_LOGINS": json.dumps(county["logins"]),
            "WJZ_INSTALLATION": json.dumps(county["installation"]),
            "WJZ_SCREENSHOTS": str(BUILD / "screenshots"),
            "WJZ_SCRATCH": str(scratch[spec]),
        }
        return subprocess.run(
            ["node", "--test", str(HERE / "specs" / spec)], cwd=HERE, env=environment, capture_output=True, text=True, timeout=3600
        )

    with ThreadPoolExecutor(AT_ONCE) as pool:
        others = {spec: pool.submit(go, spec) for spec in chosen if spec not in ALONE}
        wait(others.values())
        with ThreadPoolExecutor(1) as one:
            yield {**others, **{spec: one.submit(go, spec) for spec in chosen if spec in ALONE}}
