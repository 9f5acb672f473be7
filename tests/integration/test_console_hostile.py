"""Every operation of the console's document, none left out, against each way of getting in that is no right one; and text that is meant as
code in every parameter and every field of every body. What is tried is made from the document: a new operation is tried from its first day."""

import itertools
import re

import pytest

from console_tools import DOCUMENT, EVERY, OPERATIONS, PASSWORD, Browser, Console, start_county
from test_console_security import NASTY, OPEN, ask, needed

CREDENTIALS = {"logIn", "changePassword", "removeTotp", "confirmTotp", "passTotp"}  # a wrong one is counted
RAW = {"sendChunk", "storePhoto"}  # bodies that are no JSON: files
ENDING = {"logOut"}
STREAMS = {"streamEvents"}
LEAKED = re.compile(r"root:.*:0:0|SQLSTATE|syntax error|pg_catalog|services/[a-z]+/|console\.c:|\.so\b")


@pytest.fixture(scope="module")
def world(module_house):
    house = module_house
    start_county(house, 60, seed=5)
    return Console(house, console_citizen_rate=100000).make_accounts()


@pytest.fixture(autouse=True)
def settled(world):
    world.settled()


def resolved(schema):
    while "$ref" in schema:
        target = DOCUMENT
        for part in schema["$ref"][2:].split("/"):
            target = target[part]
        schema = target
    return schema


def body_schema(described):
    return described.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")


def kind_of(schema):
    kind = schema.get("type")
    return next((k for k in kind if k != "null"), None) if isinstance(kind, list) else kind


def places(schema, at=()):
    """Where texts stand in a body: paths of names and, in lists, 0."""
    schema = resolved(schema)
    if kind_of(schema) == "object":
        return [place for name, inner in schema.get("properties", {}).items() for place in places(inner, (*at, name))]
    if kind_of(schema) == "array":
        return places(schema["items"], (*at, 0))
    return [at] if kind_of(schema) == "string" or "enum" in schema else []


def body_with(schema, place, text):
    """A whole body, optional members and all, with the text in that place and something harmless elsewhere."""
    schema = resolved(schema)
    if place == ():
        return text
    kind = kind_of(schema)
    if kind == "object":
        inside = lambda name: place[1:] if place and place[0] == name else None
        return {name: body_with(inner, inside(name), text) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [body_with(schema["items"], place[1:] if place else None, text)]
    if "enum" in schema:
        return schema["enum"][0]
    return {"integer": schema.get("minimum", 1), "number": 1, "boolean": True}.get(kind, "2026-11-27" if schema.get("format") == "date" else "1")


def asker(world, operation):
    """Somebody who may, so that what is tried gets as far as it can."""
    if operation not in OPERATIONS or operation in OPEN:
        return Browser(world.base)
    permitted = world.permitted if hasattr(world, "permitted") else {login: set(b.get("readMe")["permissions"]) for login, b in world.browsers.items()}
    world.permitted = permitted
    return world[next((login for login, allowed in permitted.items() if operation in allowed), "chief")]


def tries(described):
    """(parameters, body) for each place, with the hostile texts dealt out over the places in turn, four to each."""
    texts = itertools.cycle(NASTY)
    schema = body_schema(described)
    harmless = None if schema is None else body_with(schema, None, None)
    for parameter in described.get("parameters", []):
        parameter = resolved(parameter)
        if parameter.get("in") in ("path", "query"):
            name = parameter["name"] + "_"
            for text in itertools.islice(texts, 4):
                yield {**{k: v for k, v in needed(described).items() if k.rstrip("_") != parameter["name"]}, name: text}, harmless
    for place in places(schema) if schema else []:
        for text in itertools.islice(texts, 4):
            yield needed(described), body_with(schema, place, text)


@pytest.mark.parametrize("operation", sorted(set(EVERY) - ENDING - STREAMS - RAW))
def test_hostile_text_in_every_field_is_refused_or_stays_text(world, operation):
    described = EVERY[operation][2]
    for parameters, body in tries(described):
        browser = asker(world, operation)
        answer = browser.ask(operation, body, headers={"If-Match": "*"}, **parameters)
        assert answer.status_code < 500 or answer.status_code == 503, (parameters, body, answer.text)
        assert not LEAKED.search(answer.text), (parameters, body, answer.text)
        assert "html" not in answer.headers.get("Content-Type", "")
        if operation in CREDENTIALS:
            world.house.database.run("UPDATE console.account SET failures = 0, locked_until = NULL")
        if browser.ask("readSession").status_code == 401 and operation in OPERATIONS:  # a lucky change of one's own rights
            world.browsers.update({login: world.fresh(login) for login, known in world.browsers.items() if known is browser})
    assert world.house.database.value("SELECT count(*) FROM console.account") >= len(world.browsers)


def test_an_expired_session_is_none_for_any_operation(world):
    browser = world.fresh("chief")
    world.house.database.run("UPDATE console.session SET seen_at = now() - interval '31 minutes' WHERE login = 'chief'")
    for operation in OPERATIONS:
        if operation not in OPEN:
            assert ask(browser, operation).status_code == 401, operation
    world.browsers["chief"] = world.fresh("chief")


def test_no_change_is_made_with_a_stale_token(world):
    """For each change by somebody who may make it: with the token of an earlier session, of somebody else, or none."""
    stale = world.fresh("organ").csrf
    for operation, (method, _, _) in OPERATIONS.items():
        if method == "GET" or operation in OPEN:
            continue
        browser = asker(world, operation)
        good = browser.csrf
        try:
            for token in (stale, "", "x" * 43):
                browser.csrf = token
                answer = ask(browser, operation)
                assert answer.status_code == 403 and answer.json()["code"] == "csrf", (operation, token, answer.text)
        finally:
            browser.csrf = good


def ids(world):
    """Numbers of rows of the demonstration county, by the names that paths have for them."""
    chief, value = world["chief"], world.house.database.value
    row = chief.get("listClues", state="open")["items"][0]
    complaint = chief.get("listComplaints", clue=row["id"])["items"][0]["id"]
    return {"clue": row["id"], "assignment": row["assignment"]["id"], "complaint": complaint, "login": "chief", "feed": "demo-hotline", "person": "P-510184-001",
            "notice": str(value("SELECT COALESCE(min(id), 1) FROM notification.notice WHERE region = 510184")),
            "shift": str(value("SELECT COALESCE(min(id), 1) FROM scheduling.shift")), "visit": str(value("SELECT COALESCE(min(id), 1) FROM scheduling.visit"))}


def test_another_organs_people_reach_nothing_by_any_operation(world):
    known = ids(world)
    tables = ("assignment.assignment", "scoring.clue", "scoring.rating", "console.clue_access", "scheduling.shift", "scheduling.visit", "notification.notice")
    state = lambda: [world.house.database.value(f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t") for table in tables]
    before, tried = state(), 0
    for operation, (_, path, described) in OPERATIONS.items():
        named = re.findall(r"\{(\w+)\}", path)
        if not set(named) & set(known):
            continue
        answer = ask(world["elsewhere"], operation, **{name: known.get(name, "1") for name in named if name in known})
        tried += 1
        shown = answer.status_code == 200 and any(answer.json().get(key) for key in ("items",)) if "json" in answer.headers.get("Content-Type", "") else False
        assert answer.status_code in (400, 403, 404, 409, 415, 422) or not shown, (operation, answer.text)
        assert "JCY-510184" not in answer.text, (operation, answer.text)
    assert tried > 25
    assert state() == before
    assert Browser(world.base).log_in("chief", PASSWORD).status_code == 200
