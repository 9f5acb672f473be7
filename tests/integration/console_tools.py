"""A browser for the console's interface: a session with its cookie and token, every answer held against the document."""

import json

import jsonschema
import requests

from wjzlib import rounds
from wjzlib.paths import ROOT
from wjzlib.wait import PATIENCE, attempts, wait_until

DOCUMENT = json.loads((ROOT / "services/console/openapi.json").read_text())
EVERY = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
OPERATIONS = {name: row for name, row in EVERY.items() if row[2]["tags"] != ["citizen"]}  # of people with a login
PEOPLE = {  # login → person, roles: the demonstration county's
    "chief": ("P-510184-001", ["chief_procurator"]),
    "head": ("P-510184-002", ["branch_head", "prosecutor"]),
    "prosecutor": ("P-510184-003", ["prosecutor"]),
    "staff": ("P-510184-012", ["station_staff"]),
    "organ": ("P-510184-021", ["organ_administrator"]),
    "system": ("P-510184-022", ["system_administrator"]),
    "security": ("P-510184-023", ["security_administrator"]),
    "audit": ("P-510184-024", ["audit_administrator"]),
    "liaison": ("P-510184-025", ["liaison"]),
    "elsewhere": ("P-510104-001", ["branch_head", "prosecutor"]),
}
PASSWORD = "correct horse battery staple"


def resolve(schema):
    """The schema with its references found in the document."""
    return {**schema, "components": DOCUMENT["components"]}


def check(schema, value):
    jsonschema.Draft202012Validator(resolve(schema), format_checker=jsonschema.FormatChecker()).validate(value)


class Browser:
    def __init__(self, base):
        self.base = base
        self.http = requests.Session()
        self.http.trust_env = False
        self.csrf = ""

    def ask(self, operation, body=None, headers=None, data=None, **parameters):
        """The answer, as it came; held against the document whatever its status."""
        method, path, described = EVERY[operation]
        named = {p.get("name") for p in described.get("parameters", []) if p.get("in") == "path"}
        query = {}
        for name, value in parameters.items():
            name = name.rstrip("_")
            if name in named:
                path = path.replace("{" + name + "}", requests.utils.quote(str(value), safe=""))
            else:
                query[name] = value
        sent = {"X-CSRF-Token": self.csrf} if method != "GET" else {}
        answer = self.http.request(
            method, f"{self.base}/api{path}", params=query, json=body, data=data, headers={**sent, **(headers or {})}, timeout=PATIENCE
        )
        self.hold(described, answer)
        return answer

    def hold(self, described, answer):
        responses = described["responses"]
        kind = answer.headers.get("Content-Type", "").split(";")[0]
        if str(answer.status_code) in responses:
            wanted = responses[str(answer.status_code)].get("content", {})
            assert bool(wanted) == bool(answer.content), (answer.status_code, answer.content[:200])
            if wanted:
                assert kind in wanted, kind
                if kind == "application/json":
                    check(wanted[kind]["schema"], answer.json())
        else:
            assert answer.status_code >= 400, answer.status_code
            assert kind == "application/problem+json", (answer.status_code, answer.text[:300])
            check({"$ref": "#/components/schemas/Problem"}, answer.json())
            assert answer.json()["status"] == answer.status_code
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Content-Security-Policy" in answer.headers

    def ask_patiently(self, operation, body=None, **parameters):
        """As a page does that is told to ask again later: a service on a slow machine is not heard of for a while."""
        for _ in attempts():
            answer = self.ask(operation, body, **parameters)
            if answer.status_code != 503:
                break
        return answer

    def get(self, operation, **parameters):
        answer = self.ask_patiently(operation, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def do(self, operation, body=None, status=200, **parameters):
        answer = self.ask_patiently(operation, body, **parameters)
        assert answer.status_code == status, (answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def log_in(self, login, password=PASSWORD):
        answer = self.ask("logIn", {"login": login, "password": password})
        if answer.status_code == 200:
            self.csrf = answer.json()["csrf_token"]
        return answer


# What the services do by time is done once, or not within a test: what somebody sees changes by what people do.
CALM = {
    "notification": {"notification_http": "127.0.0.1:0", "chase_every": "1h"},
    "scheduling": {"plan_every": "1d", "scheduling_sweep": "1h"},
    "assignment": {"clock_every": "1h"},
    "scoring": {"rounds_every": "100ms", "warnings_every": "100ms"},
}


def start_county(house, complaints=0, seed=1):
    """Every service but the console, with the demonstration county; without complaints intake has no door to the outside.
    Area warnings are those of the complaints, and stay. Returns intake's process."""
    for service, options in CALM.items():
        house.start(service, **options)
    doors = {"door": "tcp://127.0.0.1:*", "http": "127.0.0.1:0"} if complaints else {"door": "", "http": ""}
    intake = house.start("intake", health_every="1d", **doors)
    house.wjz("demo", "load")
    if complaints:
        house.wjz("demo", "feed", "--complaints", complaints, "--seed", seed, "--push")
        house.wjz("queues", "--wait")
    rounds.hold_all(house.database)
    return intake


NOT_COPIED = """
SELECT count(*) FROM (SELECT DISTINCT region FROM scoring.clue) r, unnest(console.changed(r.region, ARRAY(SELECT id FROM scoring.clue c WHERE c.region = r.region)))
"""


class Console:
    """The console of a house, with accounts for the people above."""

    def __init__(self, house, **options):
        self.house = house
        usual = {"console_login_rate": 100000, "console_request_rate": 100000, "console_follow_every": "50ms", "console_guard_every": "1h", "console_ask_timeout": "60s"}
        self.service = house.start("console", console_http="127.0.0.1:0", **(usual | options))
        self.base = f"http://127.0.0.1:{self.port()}"
        self.browsers = {}

    def port(self):
        line = next(line for line in self.service.text().splitlines() if "console open" in line)
        return int(line.split("port=")[1].split()[0])

    def make_accounts(self, people=PEOPLE):
        for login, (person, roles) in people.items():
            words = [word for role in roles for word in ("--role", role)]
            made = json.loads(self.house.wjz("--json", "accounts", "create", login, "--person", person, *words))
            browser = Browser(self.base)
            answer = browser.log_in(login, made["password"])
            assert answer.json()["stage"] == "password", answer.text
            answer = browser.ask("changePassword", {"current": made["password"], "new": PASSWORD})
            assert answer.status_code == 200, answer.text
            browser.csrf = answer.json()["csrf_token"]
            self.browsers[login] = browser
        return self

    def settled(self):
        """Waits until what was done has reached every service, and the console shows it."""
        rounds.areas_settled(self.house.database)
        wait_until(lambda: self.house.database.value(NOT_COPIED) == 0, what="clues copied")

    def __getitem__(self, login):
        return self.browsers[login]

    def fresh(self, login=None):
        browser = Browser(self.base)
        if login:
            assert browser.log_in(login).status_code == 200
        return browser
