"""A cluster of the tests' own, started by deploy/local on free ports: one api node, one socket node unless a topic wants more."""

import json
import os
import pathlib
import random
import subprocess
import urllib.request

from sentences import DEPLOY, ROOT, Untried

SETTINGS = {"MARTLET_LIMIT_CONNECTIONS": "300", "MARTLET_LIMIT_HEADER_TIME_MS": "600000", "MARTLET_DRAIN_GRACE_S": "4"}


class Cluster:
    """Stopped and wiped by the script `run`, whatever becomes of this process."""

    one, name = None, "cluster"
    apis, sockets, redis, settings = 1, 1, "single", SETTINGS

    @classmethod
    def of(cls, martlet):
        """The one that runs already, or a new one."""
        if not pathlib.Path(martlet).exists():
            raise Untried(f"{martlet}, which swift build makes,")
        cls.one = cls.one or cls(martlet)
        return cls.one

    def __init__(self, martlet):
        self.martlet, self.data = martlet, pathlib.Path(os.environ["TMPDIR"]) / self.name
        self.data.mkdir()
        bases = list(range(19100, 20000, 100))
        random.shuffle(bases)
        for base in bases[:5]:
            if (said := self.up("--port-base", str(base))).returncode == 0:
                return
            subprocess.run([DEPLOY / "local/down", "--data", self.data], capture_output=True)
        raise AssertionError(f"the cluster does not start: {said.stdout}{said.stderr}")

    def up(self, *more):
        """Starts all, or what is dead."""
        said = subprocess.run([DEPLOY / "local/up", "--detach", "--data", self.data, "--binary", self.martlet, "--api",
            str(self.apis), "--socket", str(self.sockets), "--redis", self.redis, *more], capture_output=True,
            text=True, env={**os.environ, **self.settings})
        if said.returncode == 0:
            told = self.told = json.loads((self.data / "cluster.json").read_text())
            self.url, self.nodes = told["main"], {"api": told["api"][0], "socket": told["socket"][0]}
        return said

    def port(self, role):
        return int(self.nodes[role]["url"].rpartition(":")[2])

    def pid(self, part):
        return int((self.data / f"run/{part}.pid").read_text().split()[0])

    def metrics(self, role):
        return ask(f"{self.nodes[role]['url']}/metrics")


def ask(url):
    # Whatever proxy the environment names, loopback is asked directly.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=10) as reply:
        return reply.read().decode()
