"""The operators' command line on a whole installation: up, status, scale, demonstration, lists, down, reset."""

import json
import signal
import subprocess
import threading

import pytest

from wjzlib.installation import Installation
from wjzlib.paths import ROOT, program
from wjzlib.wait import PATIENCE, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installation():
    made = Installation(WJZ_ROUNDS_EVERY="100ms", WJZ_WARNINGS_EVERY="200ms").up(scoring=1)
    yield made
    made.close()


@pytest.fixture(scope="module")
def fed(installation):
    installation.wjz("demo", "load")
    installation.wjz("demo", "feed", "--complaints", 400, "--seed", 2, "--push")
    installation.wjz("queues", "--wait")
    installation.areas_settled()
    return installation


def rows(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_up_again_is_harmless(installation):
    before = installation.supervisor()
    installation.wjz("up")
    assert installation.supervisor() == before


def test_scale_up_and_down(installation):
    def scoring():
        return [w["name"] for w in rows(installation.wjz("--json", "workers")) if w["service"] == "scoring" and w["state"] == "alive"]

    installation.wjz("up", "--scale", "scoring=3")
    wait_until(lambda: scoring() == ["scoring-1", "scoring-2", "scoring-3"])
    installation.wjz("scale", "scoring=1")
    wait_until(lambda: scoring() == ["scoring-1"])


def test_a_killed_service_comes_back(installation):
    def workers():
        return rows(installation.wjz("--json", "workers"))

    def names():
        """Of all that run, once they are heard of."""
        known = {w["pid"]: w["name"] for w in workers()}
        return known if set(installation.service_pids()) <= known.keys() else None

    before = wait_until(names, what="all are heard of")
    killed = installation.kill_one()

    def back():
        return [w for w in workers() if w["name"] == before[killed] and w["pid"] != killed and w["state"] == "alive"]

    wait_until(back, what=f"{before[killed]} is back")


def test_the_demonstration_has_a_login_for_each_role_shown_once(fed):
    import requests

    logins = rows(fed.wjz("--json", "accounts", "demonstration"))
    assert len(logins) == 9 and all(len(row["password"]) >= 20 for row in logins)
    again = rows(fed.wjz("--json", "accounts", "demonstration"))
    assert len(again) == 9 and all("password" not in row for row in again)
    chief = logins[0]
    answer = requests.post(
        f"http://{fed.environment['WJZ_CONSOLE_HTTP']}/api/v1/session", json={"login": chief["login"], "password": chief["password"]}, timeout=PATIENCE
    )
    assert answer.status_code == 200 and answer.json()["stage"] == "password"
    fed.wjz("accounts", "lock", chief["login"])
    assert {row["login"]: row["state"] for row in rows(fed.wjz("--json", "accounts", "list"))}[chief["login"]] == "locked"
    fed.wjz("accounts", "unlock", chief["login"])
    new = rows(fed.wjz("--json", "accounts", "reset-password", chief["login"]))[0]["password"]
    assert new != chief["password"]
    assert "password_reset" in fed.wjz("audit", "search", "--object", chief["login"]).stdout
    fed.wjz("audit", "verify")


def test_the_demonstration_reaches_prosecutors(fed):
    assert fed.value("SELECT count(*) FROM intake.complaint") == 400
    assert fed.value("SELECT count(*) FROM scoring.finding") == 400
    clues = rows(fed.wjz("--json", "clues", "list", "--stars", 3, "--limit", 1000))
    nobodys = [clue for clue in clues if not clue["organ"]]  # with its state: opened without an organ, or not at all
    assert clues and not nobodys, f"{len(nobodys)} of {len(clues)}: {nobodys[:5]}{fed.logs()}"
    assert clues == sorted(clues, key=lambda clue: (-clue["stars"], -clue["index"]))
    people = {n["recipient"] for n in rows(fed.wjz("--json", "notices", "--limit", 1000))}
    assert {clue["prosecutor"] for clue in clues if clue["prosecutor"]} <= people


def test_a_clue_is_explained(fed):
    clue = rows(fed.wjz("--json", "clues", "list", "--limit", 1))[0]
    shown = fed.wjz("clues", "show", clue["clue"]).stdout
    for words in ("来源渠道", "违法事实", "反复反映", "地点", "合计", "由检察官判断和决定", "DEMO-2-"):
        assert words in shown
    assert "facts of a violation" in fed.wjz("clues", "show", clue["clue"], "--lang", "en").stdout
    factors = fed.wjz("--tsv", "clues", "show", clue["clue"]).stdout
    for factor in ("source_kind", "domain_match", "repetition", "location"):
        assert factor in factors
    fed.wjz("clues", "rate", clue["clue"], 4, "--as", "P-1", "--reason", "看过现场")
    assert "P-1" in fed.wjz("clues", "show", clue["clue"]).stdout
    fed.wjz("clues", "unrate", clue["clue"], "--as", "P-1", "--reason", "弄错了")
    assert fed.wjz("clues", "unrate", clue["clue"], "--as", "P-1", "--reason", "再撤", check=False).returncode == 1
    assert fed.wjz("clues", "rate", clue["clue"], 6, "--as", "P-1", "--reason", "x", check=False).returncode == 2
    assert fed.wjz("clues", "show", 1, check=False).returncode == 1


def test_export_has_one_line_per_complaint(fed):
    lines = fed.wjz("clues", "export", "--feed", "demo-hotline", "--tsv").stdout.splitlines()
    assert lines[0].split("\t") == "external_id clue index stars kind branch domain region organ station prosecutor".split()
    assert len({line.split("\t")[0] for line in lines[1:]}) == 400
    assert all(len(line.split("\t")) == 11 for line in lines)


@pytest.mark.parametrize("rows", [1, 400])
def test_a_reader_that_has_seen_enough_is_no_failure(fed, rows):
    shell = f"set -o pipefail; {program('wjz')} --tsv clues list --limit 400 | head -{rows} >/dev/null"
    done = subprocess.run(["bash", "-c", shell], env=fed.environment, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stderr) == (0, "")


def test_output_that_cannot_be_written_is_a_failure(fed):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [program("wjz"), "clues", "list"], env=fed.environment, stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE
        )
    assert done.returncode == 1
    assert "could not write the output: No space left on device" in done.stderr


def test_pushing_again_changes_nothing(fed):
    state = "SELECT md5(string_agg(id::text || index::text || complaint_count::text, ',' ORDER BY id)) FROM scoring.clue"
    before = fed.value(state)
    said = fed.wjz("demo", "feed", "--complaints", 400, "--seed", 2, "--push").stdout
    assert "duplicate 400" in said or "accepted 0" in said
    fed.wjz("queues", "--wait")
    fed.areas_settled()
    assert fed.value(state) == before


def test_what_became_of_clues_is_shown_and_learned(fed, tmp_path):
    given = fed.value("""WITH given AS (INSERT INTO assignment.outcome (region, assignment, clue, outcome, note, actor)
        SELECT region, id, clue, CASE WHEN stars = 5 THEN 'filed' ELSE 'no_action' END, '', 'test'
        FROM assignment.assignment ORDER BY id LIMIT 20 RETURNING outcome)
        SELECT array_agg(outcome) FROM given""")
    shares = {int(row["stars"]): row for row in rows(fed.wjz("--json", "model", "calibration"))}
    assert sorted(shares) == [1, 2, 3, 4, 5]
    assert sum(int(row["outcomes"]) for row in shares.values()) == len(given)
    assert int(shares[5]["cases"]) == given.count("filed") and not int(shares[3]["cases"])
    models = [tmp_path / name for name in ("a.bin", "b.bin")]
    for model in models:
        assert f"{len(given)} outcomes" in fed.wjz("model", "train", "--outcomes", "--out", model).stdout
    assert models[0].read_bytes() == models[1].read_bytes()
    assert "value_spearman" in fed.wjz("model", "evaluate", "--outcomes", "--folds", 2).stdout
    refused = fed.wjz("model", "train", check=False)
    assert refused.returncode == 2 or "pairs" in refused.stderr


def test_summary_shows_every_part(fed):
    shown = fed.wjz("summary").stdout
    for part in ("stars", "funnel", "assignments per organ", "next duty day", "notices"):
        assert part in shown
    assert rows(fed.wjz("--json", "shifts", "--days", 14))
    # Who is given a clue has one of three stars and more, or one that mediators look after.
    funnel = dict(line.rsplit(maxsplit=1) for line in shown.split("— 漏斗 / funnel —")[1].split("\n\n")[0].splitlines()[2:])
    told, mediated, assigned = (int(funnel[step]) for step in ("推送 ≥3★ / pushed", "调解 <3★ / to be mediated", "已分派 / assigned"))
    assert 0 < assigned <= told + mediated


def test_doctor_finds_nothing(fed):
    fed.found_well()


def test_doctor_finds_a_clue_that_nobody_has(fed):
    """One that assignment, which has never been told of such a clue, leaves as it is."""
    changes = {"region": 1, "state": "assigned", "organ": "", "prosecutor": "", "ended_at": None, "accept_until": None}
    fed.rows("INSERT INTO assignment.assignment SELECT (jsonb_populate_record(a, %s::jsonb)).* FROM assignment.assignment a LIMIT 1 RETURNING id",
             json.dumps(changes))
    done = fed.wjz("--json", "doctor", check=False)
    (found,) = (row for row in rows(done) if row["check"] == "无人承办 / clues that nobody has")
    assert done.returncode == 1 and found["detail"] == "1" and "wjz directory load" in found["remedy"]
    fed.rows("DELETE FROM assignment.assignment WHERE region = 1 RETURNING id")
    fed.found_well()


def test_checks_of_operators_files(installation, tmp_path):
    installation.wjz("rules", "check")
    installation.wjz("routing", "check")
    broken = tmp_path / "routing.yaml"
    broken.write_text("rules:\n  - {wrong: 1}\n")
    done = installation.wjz("routing", "check", broken, check=False)
    assert done.returncode == 1 and f"{broken}:2" in done.stdout + done.stderr


def test_a_broken_directory_names_its_line(installation, tmp_path):
    path = tmp_path / "people.yaml"
    path.write_text("people:\n  - {region: 510184, code: P-1, organ: JCY-510184, name: 甲, roles: prosecutor}\n")
    done = installation.wjz("directory", "load", path, check=False)
    assert done.returncode == 2 and f"{path}:2" in done.stderr and "roles" in done.stderr


GRID = "grids:\n  - {region: 510184, code: 510184107201G001M001, name: 一组, kind: micro, village: 510184107201, households: %s, outline: %s}\n"


def test_a_directory_brings_micro_grids(installation, tmp_path):
    path = tmp_path / "grids.yaml"
    for households in (60, 61):  # loading again changes what differs
        path.write_text(GRID % (households, "[[103.51, 30.75], [103.52, 30.75], [103.52, 30.76]]"))
        assert "grids" in installation.wjz("directory", "load", path).stdout
    stored = installation.rows("SELECT code, kind, village, households, npoints(outline), outline @> point '(103.518,30.753)' FROM directory.grid")
    assert stored == [("510184107201G001M001", "micro", 510184107201, 61, 3, True)]
    for outline in ("[[103.51, 30.75], [103.52, 30.75]]", "[[30.75, 103.51], [30.75, 103.52], [30.76, 103.52]]", "[[103.51], [1, 2], [2, 3]]",
                    "103.51", "[1, 2, 3]", "[[a, 2], [1, 2], [2, 3]]"):
        path.write_text(GRID % (60, outline))
        done = installation.wjz("directory", "load", path, check=False)
        assert done.returncode == 2 and f"{path}:2" in done.stderr and "longitude first" in done.stderr, outline
    installation.rows("DELETE FROM directory.grid RETURNING code")


@pytest.mark.parametrize(
    "words, part",
    [
        (["nonsense"], "unknown command"),
        (["clues"], "clues export"),
        (["import", "x.csv"], "--feed"),
        (["clues", "list", "--stars", "9"], "1 to 5"),
        (["clues", "list", "--branch", "public"], '--branch is "public": give public_interest, administrative, civil, criminal or none'),
        (["assignments", "--state", "open"], "assigned, accepted"),
        (["notices", "--state", "sent"], "told, open, acknowledged or escalated"),
        (["warnings", "list", "--state", "x"], "cleared"),
        (["review", "list", "--kind", "x"], "repeat, confidence, edge or star"),
        (["up", "--scale", "scoring=x"], "SERVICE=N"),
        (["dead-letters", "drop", "intake", "5"], "--reason"),
        (["reset"], "--yes"),
        (["clues", "list", "--domain"], 'cannot understand "--domain", or its value is missing; usage: wjz clues list'),
        (["push", "--key", "x", "y.ndjson"], 'cannot understand "--key"; usage'),
        (["accounts", "create", "someone"], "--person CODE"),
    ],
)
def test_bad_usage_is_explained(installation, words, part):
    done = installation.wjz(*words, check=False)
    assert done.returncode == 2
    assert part in done.stderr


@pytest.mark.parametrize(
    "words, parts",
    [
        (["clues", "list", "--domain", "eco"], ['--domain is "eco"', "eco_env, food_drug", "none"]),
        (["clues", "list", "--organ", "JCY-510185x"], ['--organ is "JCY-510185x"', "give one like JCY-510185,", "JCY-510184"]),
        (["assignments", "--organ", "510184"], ['--organ is "510184"', "JCY-510184"]),
        (["notices", "--person", "P-510184-0001"], ['--person is "P-510184-0001"', "give one like P-510184-"]),
        (["audit", "search", "--person", "P-510184-0001"], ['--person is "P-510184-0001"', "give one like P-510184-"]),
    ],
)
def test_a_code_that_nothing_has_is_refused_with_those_like_it(fed, words, parts):
    done = fed.wjz(*words, check=False)
    assert done.returncode == 2 and all(part in done.stderr for part in parts), done.stderr


def test_a_known_code_lists_what_it_has(fed):
    for words in (["clues", "list", "--domain", "none"], ["clues", "list", "--domain", "antitrust"], ["assignments", "--organ", "JCY-510185"]):
        fed.wjz(*words)
    told = rows(fed.wjz("--json", "notices", "--limit", 1))[0]["recipient"]
    assert {row["recipient"] for row in rows(fed.wjz("--json", "notices", "--person", told))} == {told}


def test_the_audit_is_searched_by_those_who_are_there_and_those_who_left(fed):
    import requests

    fed.wjz("accounts", "demonstration")
    person = rows(fed.wjz("--json", "accounts", "list"))[0]["person"]
    silent = next(row["login"] for row in rows(fed.wjz("--json", "accounts", "list")) if not row.get("last_login"))
    nobodys = f"http://{fed.environment['WJZ_CONSOLE_HTTP']}/api/v1/session"
    assert requests.post(nobodys, json={"login": "gone-since", "password": "nothing-of-it"}, timeout=PATIENCE).status_code == 401
    for known in (person, silent):
        fed.wjz("audit", "search", "--person", known)
    left = rows(fed.wjz("--json", "audit", "search", "--person", "gone-since"))  # in no directory and without an account
    assert [(row["login"], row["event"], row["result"]) for row in left] == [("gone-since", "login", "refused")]
    assert rows(fed.wjz("--json", "audit", "search", "--person", "gone-since", "--event", "export")) == []
    refused = fed.wjz("audit", "search", "--person", silent[:-1] + "_", check=False)
    assert refused.returncode == 2 and silent in refused.stderr, refused.stderr


def test_what_a_service_refuses_is_told_with_value_and_remedy(installation, tmp_path):
    empty = tmp_path / "empty.csv"
    empty.touch()
    strange = tmp_path / "strange.csv"
    strange.write_text("甲,乙\n1,2\n")
    for words, parts in (
        (["import", "--feed", "hotline-12345", empty], ["the file is empty", 'field size "0"', "export it again"]),
        (["import", "--feed", "hotline-12345", "--wait", strange], ["文件没有导入 / the file was not imported；", "no row with the columns", "工单编号"]),
        (["import", "--feed", "nobody", ROOT / "README.md"], ["no such feed", 'field feed "nobody"', "wjz feeds define"]),
        (["feeds", "define", "hotline-12345", "--clue-source", "rumour"], ['field clue_source "rumour"', "state_organ_or_deputy"]),
        (["feeds", "define", "hotline-12345", "--profile", "nope"], ['field profile "nope"', "mapping profiles"]),
        (["watch", "show", 5], ["cannot find watch 5", "wjz watch list"]),
        (["dead-letters", "retry", "intake", 5], ["cannot find 1 of the 1 dead letters", "wjz dead-letters list"]),
        (["dead-letters", "drop", "intake", 5, 6, "--reason", "x"], ["cannot find 2 of the 2 dead letters"]),
    ):
        done = installation.wjz(*words, check=False)
        assert done.returncode == 1 and all(part in done.stderr for part in parts), done.stderr


def test_a_feed_that_was_shut_stays_shut_until_it_is_opened(installation):
    def enabled(*words):
        installation.wjz("feeds", "define", "shut-feed", *words)
        feeds = (json.loads(line) for line in installation.wjz("--json", "feeds", "list").stdout.splitlines())
        return next(feed["enabled"] for feed in feeds if feed["name"] == "shut-feed")

    new = ["--title", "甲", "--profile", "hotline-12345", "--region", "510184", "--legal-basis", "测试", "--clue-source", "complaint"]
    assert enabled(*new) == "yes"
    assert enabled("--disable") == "no"
    assert enabled("--title", "乙") == "no" and enabled("--new-bearer-key") == "no"
    assert enabled("--enable") == "yes" and enabled("--title", "丙") == "yes"
    done = installation.wjz("feeds", "define", "shut-feed", "--enable", "--disable", check=False)
    assert done.returncode == 2 and "not both" in done.stderr


def test_an_import_outlives_the_instance_that_answered_it(installation, tmp_path):
    """Intake is killed in the middle of a dry run; the command waits for the next instance, and every row is counted once."""
    file, count = tmp_path / "many.csv", 20_000
    lines = (f"M{number},河道垃圾,第{number}处河边被人倾倒垃圾" for number in range(count))
    file.write_text("\n".join(["工单编号,诉求标题,诉求内容", *lines]))
    read, killed = "SELECT coalesce(max(rows_read), 0) FROM intake.import WHERE file_name = 'many.csv'", threading.Event()

    def kill_in_the_middle():
        wait_until(lambda: installation.value(read) > 0)
        installation.signal_services("intake", signal.SIGKILL)
        killed.set()

    killer = threading.Thread(target=kill_in_the_middle)
    killer.start()
    (told,) = rows(installation.wjz("--json", "import", "--feed", "government-mailbox", "--dry-run", file))
    killer.join()
    assert killed.is_set() and (told["rows"], told["accepted"], told["rejected"]) == (count, count, 0)


def test_roles_can_write_their_own_schema_only(installation):
    """Least privilege: scoring cannot write an assignment, nobody but intake a complaint."""
    import psycopg2

    for role, statement in [
        ("wjz_scoring", "UPDATE assignment.assignment SET state = 'closed'"),
        ("wjz_scoring", "DELETE FROM intake.complaint"),
        ("wjz_scoring", "SELECT reporter_cipher FROM intake.complaint"),
        ("wjz_scoring", "INSERT INTO directory.organ (code, name, region, level) VALUES ('X', 'X', 0, 'county')"),
        ("wjz_assignment", "UPDATE scoring.clue SET stars = 5"),
        ("wjz_scheduling", "DELETE FROM notification.notice"),
        ("wjz_notification", "UPDATE scheduling.shift SET state = 'cancelled'"),
        ("wjz_operator", "SELECT content FROM intake.complaint"),
        ("wjz_operator", "DELETE FROM intake.outbox"),
        ("wjz_intake", "UPDATE intake.complaint SET content = ''"),
    ]:
        connection = psycopg2.connect(installation.url.replace("wjz_owner", role))
        with connection, connection.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(statement)
        connection.close()


def test_down_ends_everything_and_reset_forgets(tmp_path):
    own = Installation().up(scoring=1)
    try:
        pids = [own.supervisor(), *own.service_pids()]
        own.wjz("down")
        import pathlib

        assert not any(pathlib.Path(f"/proc/{pid}/exe").exists() for pid in pids)
        assert "not running" in own.wjz("status").stdout
        own.wjz("reset", "--yes")
        assert [path.name for path in own.home.iterdir()] == []
    finally:
        own.close()
