"""What measuring repeats needs: the messages of the city workbook, judged pairs, weights fitted on some of them, and the grouping
that such weights give. Real messages stay where they are."""

import collections
import csv
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import numpy
import openpyxl

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("WJZ_BUILD", ROOT / "build"))
COLUMNS = {"external_id": "留言编号", "title": "留言主题", "content": "留言详情", "reporter": "留言用户"}

# What judged pairs of anonymised messages cannot teach: they have no addresses, hardly a parent, and few names of estates and
# villages that differ in one character. And how much may be believed of 300 pairs: the ridge is on signs of unit deviation.
FIXED = {
    "other_town": -20.0,
    "other_address": -20.0,
    "other_place": -2.5,
    "other_unit": -1.0,
    "other_problem": -3.0,
    "same_writer": 0.0,
    "platform_says": 4.0,
}
AGAINST = {"unmatched", "other_district"}
RIDGE = 0.06


def data():
    if "WJZ_DATA" not in os.environ:
        sys.exit("set WJZ_DATA to the folder of the workbooks and labels")
    return pathlib.Path(os.environ["WJZ_DATA"])


def judged_pairs():
    with open(data() / "repeat-pairs.tsv", encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def _escape(value):
    text = "" if value is None else str(value)
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "")


def _rfc3339(value):
    day, _, time = str(value).replace("-", "/").partition(" ")
    year, month, number = day.split("/")
    hour, minute, second = (time or "0:0:0").split(":")
    return f"{year}-{month:0>2}-{number:0>2}T{hour:0>2}:{minute:0>2}:{second:0>2}+08:00"


def messages():
    """A temporary file of the city workbook's messages, as the offline commands read them."""
    file = tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".tsv")
    rows = openpyxl.load_workbook(data() / "city-messages-2019.xlsx", read_only=True).active.iter_rows(values_only=True)
    head = next(rows)
    at = {name: head.index(column) for name, column in COLUMNS.items()}
    when = head.index("留言时间")
    file.write("\t".join([*COLUMNS, "received_at"]) + "\n")
    for row in rows:
        file.write("\t".join([*(_escape(row[i]) for i in at.values()), _rfc3339(row[when])]) + "\n")
    file.flush()
    return file


def _scoring(*words, folder=None):
    environment = {**os.environ, **({"WJZ_REPEATS_DIR": str(folder)} if folder else {})}
    done = subprocess.run(
        [BUILD / "bin" / "weijianzhi-scoring", *words], cwd=ROOT, capture_output=True, text=True, env=environment, check=False
    )
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def group(file, folder=None):
    """external id → id of its matter."""
    return dict(line.split("\t") for line in _scoring("group", file.name, folder=folder).splitlines()[1:])


def compare(file):
    """Names of the signs, and a row of them for each judged pair."""
    table = list(csv.DictReader(_scoring("compare", file.name, data() / "repeat-pairs.tsv").splitlines(), delimiter="\t"))
    names = [name for name in table[0] if name not in ("id_a", "id_b", "near", "weight")]
    return names, numpy.array([[float(row[name]) for name in names] for row in table])


def fit(names, signs, same):
    """Logistic regression by Newton's method. A sign never gets a weight of the wrong direction: it is left out instead."""
    free = [i for i, name in enumerate(names) if name not in FIXED]
    offset = sum(weight * signs[:, names.index(name)] for name, weight in FIXED.items())
    scale = signs[:, free].std(0)
    scale[scale == 0] = 1
    rows, base = signs[:, free] / scale, names.index("base")
    ridge = numpy.diag([0 if i == base else RIDGE for i in free])
    wanted = numpy.array([0 if i == base else -1 if names[i] in AGAINST else 1 for i in free])
    weights, active = numpy.zeros(len(free)), numpy.ones(len(free), bool)
    for _ in range(60):
        says = 1 / (1 + numpy.exp(-numpy.clip(rows @ weights + offset, -30, 30)))
        slope = rows.T @ (says - same) / len(same) + ridge @ weights
        curve = (rows * (says * (1 - says))[:, None]).T @ rows / len(same) + ridge
        at = numpy.flatnonzero(active)
        weights[at] -= numpy.linalg.solve(curve[numpy.ix_(at, at)] + 1e-9 * numpy.eye(len(at)), slope[at])
        wrong = weights * wanted < 0
        weights[wrong], active[wrong] = 0, False
    found = dict(zip((names[i] for i in free), weights / scale), **FIXED)
    return {name: float(found[name]) for name in names}


def write_rules(folder, weights):
    """deploy/repeats with other weights."""
    source = ROOT / "deploy" / "repeats"
    text = (source / "repeats.yaml").read_text(encoding="utf-8")
    for name, weight in weights.items():
        text = re.sub(rf"(?m)^  {name}: *[-0-9.]+", f"  {name}: {weight:.3f}", text, count=1)
    (folder / "repeats.yaml").write_text(text, encoding="utf-8")
    if not (folder / "wording.txt").exists():
        (folder / "wording.txt").symlink_to(source / "wording.txt")


def folds(pairs, count, seed):
    """The fold of each pair. Pairs that share a message, directly or through others, are in the same one."""
    parent = {}

    def root(message):
        parent.setdefault(message, message)
        while parent[message] != message:
            message = parent[message]
        return message

    for pair in pairs:
        parent[root(pair["id_a"])] = root(pair["id_b"])
    of = [root(pair["id_a"]) for pair in pairs]
    size, load, where = collections.Counter(of), [0] * count, {}
    order = sorted(size)
    random.Random(seed).shuffle(order)
    for cluster in order:
        where[cluster] = load.index(min(load))
        load[where[cluster]] += size[cluster]
    return numpy.array([where[cluster] for cluster in of])


def measure(together, same):
    """Precision, recall, f1."""
    hit = (together & same).sum()
    return numpy.array([hit / max(together.sum(), 1), hit / max(same.sum(), 1), 2 * hit / max(together.sum() + same.sum(), 1)])
