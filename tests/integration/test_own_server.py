"""A PostgreSQL of the operator's own, over TCP, with a password for each role: WJZ_DATABASE_URL and `wjz migrate --passwords`."""

import pathlib
import shutil
import subprocess
import tempfile

import psycopg2
import pytest

from wjzlib.installation import Installation, free_port
from wjzlib.paths import ROOT

pytestmark = pytest.mark.slow

SCRIPT = ROOT / "tests" / "support" / "cluster"
ROLES = ["wjz_intake", "wjz_scoring", "wjz_assignment", "wjz_scheduling", "wjz_notification", "wjz_console", "wjz_operator"]


class Server:
    """Its superuser comes by socket; everybody else by TCP with a password."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wjz-own-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.port = free_port()
        self._cluster("start")
        self.run("ALTER SYSTEM SET listen_addresses = '127.0.0.1'")
        self.run(f"ALTER SYSTEM SET port = {self.port}")
        with open(self.folder / "data" / "pg_hba.conf", "w") as rules:
            rules.write("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        self._cluster("restart")
        self.run("CREATE ROLE wjz_owner LOGIN CREATEROLE PASSWORD 'the owner''s'", self.port)
        self.run("CREATE DATABASE county OWNER wjz_owner", self.port)

    def _cluster(self, command):
        subprocess.run([SCRIPT, command, self.folder], check=True, capture_output=True)

    def run(self, sql, port=5432):
        url = subprocess.run([SCRIPT, "url", self.folder], check=True, capture_output=True, text=True).stdout.strip()
        connection = psycopg2.connect(f"{url} port={port}")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
        connection.close()

    def close(self):
        self._cluster("stop")
        shutil.rmtree(self.folder, ignore_errors=True)
        pathlib.Path(f"{self.folder}.lock").unlink(missing_ok=True)


@pytest.fixture(scope="module")
def server():
    made = Server()
    yield made
    made.close()


@pytest.fixture
def passwords(server, tmp_path):
    path = tmp_path / "passwords"
    path.write_text(f"127.0.0.1:{server.port}:*:wjz_owner:the owner's")  # without an end of line, as editors leave it
    path.chmod(0o600)
    return path


@pytest.fixture
def installation(server, passwords):
    url = f"host=127.0.0.1 port={server.port} dbname=county user=wjz_owner"
    made = Installation(WJZ_DATABASE_URL=url, PGPASSFILE=str(passwords))
    yield made
    made.close()


def lines_of(path):
    return {line.split(":")[3]: line.split(":")[4] for line in path.read_text().splitlines()}


def test_it_runs_on_a_server_with_passwords(server, installation, passwords):
    said = installation.wjz("migrate", "--passwords", passwords).stdout
    assert said.count("new password") == len(ROLES)
    made = lines_of(passwords)
    assert made.keys() == {"wjz_owner", *ROLES} and len(set(made.values())) == len(ROLES) + 1
    assert passwords.stat().st_mode & 0o077 == 0
    installation.up()
    installation.wjz("demo", "load")
    installation.wjz("demo", "feed", "--complaints", 100, "--seed", 4, "--push")
    installation.wjz("queues", "--wait")
    assert "100" in installation.wjz("summary").stdout
    installation.found_well()
    assert installation.wjz("reset", "--yes", check=False).returncode != 0, "what is not ours is not deleted"

    again = installation.wjz("migrate", "--passwords", passwords).stdout
    assert again.count("password of the file") == len(ROLES)
    assert lines_of(passwords) == made

    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(f"host=127.0.0.1 port={server.port} dbname=county user=wjz_intake password={made['wjz_scoring']}")


def test_what_cannot_be_is_explained(server, installation, passwords):
    passwords.chmod(0o644)
    done = installation.wjz("migrate", "--passwords", passwords, check=False)
    assert done.returncode == 1 and "0600" in done.stderr
    passwords.chmod(0o600)
    installation.environment["WJZ_DATABASE_URL"] += " password='the owner\\'s'"
    done = installation.wjz("migrate", "--passwords", passwords, check=False)
    assert done.returncode == 2 and "password file" in done.stderr
    installation.environment["WJZ_DATABASE_URL"] = f"host=127.0.0.1 port={free_port()} dbname=county user=wjz_owner"
    done = installation.wjz("migrate", "--passwords", passwords, check=False)
    assert done.returncode == 1 and "refused" in done.stderr
