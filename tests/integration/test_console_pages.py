"""The built pages as the console serves them: types, encodings, caching, policy, views without a file, and nothing outside."""

import gzip

import pytest
import requests

from wjzlib.wait import PATIENCE

from console_tools import Console


@pytest.fixture
def pages(house, tmp_path):
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>微检治</title>")
    (folder / "citizen.html").write_text("<!doctype html><title>随手拍</title>")
    (folder / "assets" / "desk-1a2b3c.js").write_text("console.log('desk')")
    (folder / "assets" / "desk-1a2b3c.js.gz").write_bytes(gzip.compress(b"console.log('desk')"))
    (folder / "assets" / "desk-1a2b3c.js.br").write_bytes(b"not really brotli")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    console = Console(house, console_pages=folder, console_tile_url="https://tiles.example/{z}/{x}/{y}.png")
    session = requests.Session()
    session.trust_env = False
    return lambda path, **headers: session.get(console.base + path, headers={"Accept-Encoding": "identity", **headers}, timeout=PATIENCE)


def test_pages_come_with_their_type_and_policy(pages):
    answer = pages("/")
    assert answer.status_code == 200 and "微检治" in answer.content.decode()
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy and "unsafe-eval" not in policy and "img-src 'self' data: blob: https://tiles.example/" in policy
    assert answer.headers["X-Frame-Options"] == "DENY" and answer.headers["Cache-Control"] == "no-cache"


def test_hashed_files_are_kept_and_compressed_ones_sent_to_who_takes_them(pages):
    plain = pages("/assets/desk-1a2b3c.js")
    assert plain.text == "console.log('desk')" and "Content-Encoding" not in plain.headers
    assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    zipped = pages("/assets/desk-1a2b3c.js", **{"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip" and zipped.text == "console.log('desk')"
    both = requests.get(zipped.url, headers={"Accept-Encoding": "gzip, br"}, stream=True)
    assert both.headers["Content-Encoding"] == "br" and both.raw.read() == b"not really brotli"
    again = pages("/assets/desk-1a2b3c.js", **{"If-None-Match": plain.headers["ETag"]})
    assert again.status_code == 304 and not again.content


def test_views_of_a_page_are_the_page_and_missing_files_are_missing(pages):
    for path in ("/clues", "/clues/17", "/admin/rules/2026"):
        assert "微检治" in pages(path).content.decode()
    assert "随手拍" in pages("/citizen").content.decode()
    for path in ("/assets/gone.js", "/favicon.ico", "/link.txt", "/assets/../../secret.txt", "/..%2fsecret.txt"):
        answer = pages(path)
        assert answer.status_code in (400, 404) and "secret" not in answer.text, path
