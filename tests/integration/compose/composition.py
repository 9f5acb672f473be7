"""The product in containers, under a project name, ports and an image of its own, so that it is in nobody's way."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from wjzlib import wire
from wjzlib.installation import SERVICES, free_port, to_complaint
from wjzlib.paths import ROOT
from wjzlib.wait import wait_until

BUILD_S, UP_S, RUN_S = 3600, 900, 600


def compose_command():
    """Compose v2 when the engine's client has it, else docker-compose."""
    found = subprocess.run(["docker", "compose", "version"], capture_output=True)
    return ["docker", "compose"] if found.returncode == 0 else ["docker-compose"]


def copy_sources(folder):
    """What a clone of the sources holds, and the authorities that this machine's network adds (deploy/docker/certificates)."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():  # a file that was deleted is still listed
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    added = os.environ.get("NODE_EXTRA_CA_CERTS")
    if added:
        shutil.copy(added, folder / "deploy" / "docker" / "certificates" / "network.crt")


class Composition:
    def __init__(self):
        self.project = f"wjz-test-{os.getpid()}"
        self.door_port = free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wjz-compose-"))
        copy_sources(self.folder)
        self.command = [*compose_command(), "--project-name", self.project, "--file", str(self.folder / "docker-compose.yml")]
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("WJZ_")},
            "WJZ_IMAGE": "weijianzhi-test",
            "WJZ_DOOR_PORT": str(self.door_port),
            "WJZ_HTTP_PORT": str(free_port()),
            "WJZ_NOTIFICATION_PORT": str(free_port()),
            "WJZ_CONSOLE_PORT": str(free_port()),
        }

    def compose(self, *words, check=True, timeout=RUN_S):
        done = subprocess.run(
            [*self.command, *map(str, words)], env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=timeout
        )
        assert not check or done.returncode == 0, f"compose {' '.join(map(str, words))}:\n{done.stdout}{done.stderr}"
        return done

    def build(self):
        self.compose("build", timeout=BUILD_S)

    def up(self, *words):
        """Returns when every container is healthy."""
        self.compose("up", "--detach", *words, timeout=UP_S)
        wait_until(self._all_healthy, UP_S, "every container is healthy")

    def scale(self, service, count):
        """More or fewer of a service while everything runs on. Those that go are given the time they ask for."""
        self.compose("up", "--detach", "--no-deps", "--no-recreate", "--scale", f"{service}={count}", service, timeout=UP_S)
        wait_until(lambda: len(self.containers(service)) == count and self._all_healthy(), UP_S, f"{service}={count}")

    def containers(self, service=None):
        """{name: status} of what runs, without what ran once."""
        filters = ["--filter", f"label=com.docker.compose.project={self.project}"]
        if service:
            filters += ["--filter", f"label=com.docker.compose.service={service}"]
        listed = subprocess.run(
            ["docker", "ps", *filters, "--format", "{{.Names}}\t{{.Status}}"], capture_output=True, text=True, check=True
        )
        return dict(line.split("\t") for line in listed.stdout.splitlines())

    def _all_healthy(self):
        statuses = self.containers().values()
        return len(statuses) > len(SERVICES) and all("(healthy)" in status for status in statuses)

    def wjz(self, *words, timeout=RUN_S):
        """The operators' command line, in a container of its own; its output."""
        return self.compose("run", "--rm", "-T", "wjz", *words, timeout=timeout).stdout

    def wjz_rows(self, *words):
        return [json.loads(line) for line in self.wjz("--json", *words).splitlines()]

    def rows(self, sql):
        """As the database's superuser, inside its container."""
        psql = ["psql", "-h", "/run/weijianzhi", "-d", "weijianzhi", "-X", "-q", "-A", "-t", "-F", "\t", "-c", sql]
        return [line.split("\t") for line in self.compose("exec", "-T", "database", *psql).stdout.splitlines()]

    def value(self, sql):
        return self.rows(sql)[0][0]

    def complaints(self, count, seed):
        """Of the demonstration county, as messages."""
        lines = self.wjz("demo", "feed", "--complaints", count, "--seed", seed).splitlines()
        return [to_complaint(line) for line in lines]

    def platform(self, feed):
        """Makes a feed with a CURVE key of ours and connects to its door, as published on this host."""
        keys = wire.curve_keys()
        words = ["--title", "测试", "--profile", "hotline-12345", "--region", 510184, "--legal-basis", "测试"]
        words += ["--clue-source", "complaint", "--curve-key", keys[0]]
        [defined] = self.wjz_rows("feeds", "define", feed, *words)
        self.server_key = defined["door_public_key"]
        return self.connect(keys)

    def connect(self, keys):
        return wire.Client(f"tcp://127.0.0.1:{self.door_port}", self.server_key, keys)

    def settled(self, timeout=RUN_S):
        """Waits until no message waits anywhere."""
        self.wjz("queues", "--wait", timeout=timeout)

    def dead_letters(self):
        return self.wjz_rows("dead-letters", "list")

    def logs(self):
        return self.compose("logs", "--no-color", "--tail=40", check=False).stdout

    def close(self):
        self.compose("--profile", "tools", "down", "--volumes", "--remove-orphans", check=False, timeout=UP_S)
        shutil.rmtree(self.folder)
