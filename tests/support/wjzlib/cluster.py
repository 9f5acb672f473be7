"""A private PostgreSQL for a test session, and databases in it that are copies of a migrated template."""

import fcntl
import hashlib
import pathlib
import shutil
import subprocess
import tempfile
import uuid

import psycopg2

from .paths import BUILD, MIGRATIONS, ROOT

SCRIPT = ROOT / "tests" / "support" / "cluster"
SOCKET_PATH_LIMIT = 85


class Cluster:
    """Started by open(), stopped by close(). The build folder's own one is kept for the next session, as is one in a folder that is named."""

    def __init__(self, folder=None):
        self._lock = None
        self._temporary = False
        self.folder = folder or self._choose_folder()

    def _choose_folder(self):
        folder = BUILD / "pytest-cluster"
        folder.mkdir(parents=True, exist_ok=True)
        if len(str(folder)) <= SOCKET_PATH_LIMIT:
            lock = open(f"{folder}.session", "w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._lock = lock
                return folder
            except BlockingIOError:
                lock.close()  # another session uses it
        self._temporary = True
        folder = pathlib.Path(tempfile.mkdtemp(prefix="wjz-pg-"))
        folder.chmod(0o755)
        return folder

    def _run(self, *arguments):
        done = subprocess.run([SCRIPT, *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"cluster {' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return done.stdout.strip()

    def open(self):
        self._run("start", self.folder)
        return self

    def close(self):
        self._run("stop", self.folder)
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)
            pathlib.Path(f"{self.folder}.lock").unlink(missing_ok=True)
        if self._lock:
            self._lock.close()

    def stop(self):
        self._run("stop", self.folder)

    def start(self):
        self._run("start", self.folder)

    def restart(self, mode="fast"):
        """mode "immediate": as if the machine had crashed."""
        self._run("restart", self.folder, mode)

    def url(self, database="postgres"):
        return self._run("url", self.folder, database)

    def run(self, sql):
        connection = psycopg2.connect(self.url())
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def database(self):
        """A fresh database with all migrations applied."""
        template = self._template()
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return Database(self, name)

    def _template(self):
        digest = hashlib.sha256()
        for path in sorted(MIGRATIONS.glob("*.sql")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        name = f"template_{digest.hexdigest()[:16]}"
        if not self.run(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
            self._make_template(name)
        return name

    def _make_template(self, name):
        draft = f"{name}_draft"
        self.run(f"DROP DATABASE IF EXISTS {draft}")
        self.run(f"CREATE DATABASE {draft}")
        done = subprocess.run(
            [BUILD / "tests" / "apply_migrations", self.url(draft), MIGRATIONS], capture_output=True, text=True
        )
        if done.returncode != 0:
            raise RuntimeError(f"migrations: {done.stderr.strip()}")
        self.run(f"ALTER DATABASE {draft} RENAME TO {name}")


class Database:
    """One database. Its query methods run as the superuser, each in a transaction of its own."""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name
        self.url = cluster.url(name)
        self._connection = None

    def connect(self, role=None):
        """A connection of the test's own, to be closed by it; as a service's role when one is named."""
        return psycopg2.connect(f"{self.url} user={role}" if role else self.url)

    def rows(self, sql, *values):
        """All rows, [] for a statement without any. The connection is made again after the server was restarted."""
        try:
            return self._rows(sql, values)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            self._forget()
            raise

    def _rows(self, sql, values):
        if self._connection is None:
            self._connection = psycopg2.connect(self.url)
            self._connection.autocommit = True
        with self._connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []

    def run(self, sql, *values):
        self.rows(sql, *values)

    def row(self, sql, *values):
        """The only row, None when there is none."""
        found = self.rows(sql, *values)
        assert len(found) <= 1, f"{len(found)} rows: {sql}"
        return found[0] if found else None

    def value(self, sql, *values):
        """The only value of the only row, None when there is none."""
        found = self.row(sql, *values)
        return found[0] if found else None

    def _forget(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def drop(self):
        self._forget()
        self.cluster.run(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
