"""Prometheus' text format, as far as the services write it."""

import re
import urllib.request

from .wait import PATIENCE

_LINE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([-+0-9.eE]+|NaN|[+-]Inf)$')
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def parse(text):
    """[(name, {label: value}, number)]"""
    found = []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        match = _LINE.match(line)
        assert match, f"no metric: {line!r}"
        name, labels, number = match.groups()
        found.append((name, dict(_LABEL.findall(labels or "")), float(number)))
    return found


def scrape(address):
    """Metrics of the administration address host:port."""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=PATIENCE) as answer:
        return parse(answer.read().decode())


def total(metrics, name, **labels):
    """Sum of all values of that name whose labels include these."""
    return sum(
        number for found, has, number in metrics if found == name and all(has.get(k) == v for k, v in labels.items())
    )
