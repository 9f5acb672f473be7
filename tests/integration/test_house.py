"""The rules of the house that a compiler does not check: who may include what, where things lie, what is written down."""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVICES = ["intake", "scoring", "assignment", "scheduling", "notification", "console", "ctl"]
TOP = {"services", "proto", "deploy", "include", "tests", "docker-compose.yml", "CMakeLists.txt", "README.md"}


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", "--", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


def includes(path):
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text(), re.M)


def test_top_level_holds_what_is_agreed():
    names = {path.relative_to(ROOT).parts[0] for path in tracked(".")}
    assert {name for name in names if not name.startswith(".")} <= TOP


def test_only_the_runtime_names_its_libraries():
    forbidden = {"zmq.h", "czmq.h", "uv.h", "libpq-fe.h", "microhttpd.h", "curl/curl.h"}
    offenders = [
        f"{path.relative_to(ROOT)} includes {name}"
        for path in tracked("include", "services")
        if path.suffix in (".c", ".h") and path.parent.name != "runtime"
        for name in includes(path)
        if name in forbidden
    ]
    assert offenders == []


def test_no_arrow_between_services():
    offenders = []
    for path in tracked("services", "include"):
        if path.suffix not in (".c", ".h"):
            continue
        room = path.relative_to(ROOT).parts[1] if path.is_relative_to(ROOT / "services") else "include"
        for name in includes(path):
            other = name.split("/")[0]
            if other in SERVICES and other != room:
                offenders.append(f"{path.relative_to(ROOT)} includes {name}")
    assert offenders == []


def test_the_runtime_knows_no_word_of_the_domain():
    words = re.compile(r"\b(complaint|clue|prosecutor|procurator|mediation|enforcement)", re.I)
    offenders = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked("services/runtime", "include/wjz")
        if path.suffix in (".c", ".h")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if words.search(line) and not line.lstrip().startswith(("/*", "*", "//"))
    ]
    assert offenders == []


def test_product_code_does_not_refer_to_tests():
    offenders = [
        str(path.relative_to(ROOT))
        for path in tracked("services", "include", "proto")
        if path.suffix in (".c", ".h", ".proto") and re.search(r"\btests/", path.read_text())
    ]
    assert offenders == []


def test_every_message_is_in_the_catalogue():
    """What is sent, that is: a message that is a field of another one is described where that one is."""
    catalogue = (ROOT / "proto/README.md").read_text()
    texts = {path.name: path.read_text() for path in tracked("proto/*.proto") if path.name != "card.proto"}
    fields = "\n".join(texts.values())
    missing = [
        f"{file}: {name}"
        for file, text in texts.items()
        for name in re.findall(r"^message (\w+)", text, re.M)
        if not re.search(rf"\b{name} \w+ = \d", fields) and not re.search(rf"\b{name}\b", catalogue)
    ]
    assert missing == []


def test_every_option_is_documented_by_its_row():
    """--help of each service prints every option with a line of help."""
    import os

    build = pathlib.Path(os.environ.get("WJZ_BUILD", ROOT / "build"))
    for service in SERVICES[:-1]:
        shown = subprocess.run([build / "bin" / f"weijianzhi-{service}", "--help"], capture_output=True, text=True, check=True)
        assert "--database_url" in shown.stdout or "database_url" in shown.stdout
        assert shown.stderr == ""


def test_rooms_have_readmes():
    for room in ["runtime", *SERVICES]:
        assert (ROOT / "services" / room / "README.md").stat().st_size > 300, room


def test_tests_do_not_sleep():
    offenders = []
    for path in tracked("tests"):
        if "bench" in path.parts:  # a benchmark paces its arrivals
            continue
        if path.suffix not in (".c", ".py", ".sh", "") or path.name == pathlib.Path(__file__).name:
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if re.search(r"\b(time\.sleep|usleep|nanosleep)\s*\(|^\s*sleep\s", line):
                offenders.append(f"{path.relative_to(ROOT)}:{number}")
    assert offenders == []


def test_no_unfinished_places():
    offenders = []
    for path in tracked("services", "include", "proto", "deploy"):
        if path.suffix not in (".c", ".h", ".proto", ".sql", ".yaml", ".md", ""):
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if re.search(r"\b(TODO|FIXME|XXX)\b|not implemented", line):
                offenders.append(f"{path.relative_to(ROOT)}:{number}")
    assert offenders == []
