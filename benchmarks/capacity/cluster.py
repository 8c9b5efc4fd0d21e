"""A local cluster with users and sockets, and what its parts use meanwhile."""

import contextlib
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile
import time

from publishing import nanoseconds
from sockets import Client, Crowd, request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu(pids):
    """CPU-seconds, user and system, of the processes' threads."""
    return sum(map(nanoseconds, pids)) / 1e9


def resident(pids):
    return sum(int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE for pid in pids)


def children(pid):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == pid:
                    found.append(int(entry.name))
    return found


class Cluster:
    """deploy/local on free ports and in a directory of its own; gone at the end."""

    def __init__(self, binary, base):
        self.data = tempfile.mkdtemp(prefix="martlet-capacity.", dir="/var/tmp")
        os.chmod(self.data, 0o755)
        command = [ROOT / "deploy/local/up", "--detach", "--socket", "2", "--api", "1", "--data", self.data]
        command += ["--port-base", str(base)] + (["--binary", binary] if binary else [])
        environment = dict(os.environ, MARTLET_LOOPS="1", MARTLET_RATE_SEND="off", MARTLET_RATE_WRITE="off", MARTLET_RATE_READ="off")
        try:
            subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
            self.look()
        except BaseException:
            self.stop()
            raise

    def look(self):
        self.parts = json.loads((pathlib.Path(self.data) / "cluster.json").read_text())

    def replace_sockets(self):
        """New processes in the nodes' place, which have used no memory yet."""
        for number in ("1", "2"):
            subprocess.run([ROOT / "deploy/local/restart", "socket", number, "--data", self.data], check=True, stdout=subprocess.DEVNULL)
        self.look()

    @staticmethod
    def free(base):
        for port in (*range(base, base + 7), base + 10):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return False
        return True

    @property
    def sockets(self):
        return [part["pid"] for part in self.parts["socket"]]

    def groups(self):
        postgres = self.parts["postgres"]["pid"]
        return {
            "node": self.sockets, "redis": [self.parts["redis"]["pid"]], "postgres": [postgres] + children(postgres),
        }

    def stop(self):
        subprocess.run([ROOT / "deploy/local/down", "--data", self.data, "--wipe"], capture_output=True)
        shutil.rmtree(self.data, ignore_errors=True)


class Load:
    """Users, their sockets and their groups on a cluster."""

    def __init__(self, cluster, users):
        self.cluster = cluster
        self.api = cluster.parts["api"][0]["url"]
        self.crowd = Crowd()
        self.tokens, self.users, self.groups = [], [], []
        mark = f"{os.getpid():x}{random.randrange(1 << 20):x}"
        for number in range(users):
            name = f"load-{mark}-{number}"
            who = {"username": name, "password": "measure-8-bytes"}
            self.users.append(request("POST", self.api + "/v1/users", who)["id"])
            self.tokens.append(request("POST", self.api + "/v1/sessions", who)["access_token"])

    def group(self, owner, members):
        body = {"kind": "group", "title": "measure", "members": [self.users[m] for m in members]}
        made = request("POST", self.api + "/v1/conversations", body, self.tokens[owner])["id"]
        self.groups.append((made, owner))
        return made

    def connect(self, count):
        """That many more sockets, each of the next user, at the two nodes in turn, resumed."""
        first = len(self.crowd.clients)
        for number in range(first, first + count):
            url = self.cluster.parts["socket"][number % 2]["url"]
            host, port = url.split("//")[1].split(":")
            # Users take turns in pairs of nodes, so that each has sockets at both.
            client = Client(host, int(port.strip("/")), self.tokens[(number // 2) % len(self.tokens)])
            client.ask("resume", {})
            self.crowd.add(client)
            if number % 50 == 0:
                self.crowd.poll(0)
        self.settle(lambda: self.crowd.total("replies") >= len(self.crowd.clients))

    def settle(self, done, seconds=20):
        end = time.monotonic() + seconds
        while not done() and time.monotonic() < end:
            self.crowd.poll(0.05)

    def send(self, rate, seconds, groups=None):
        """An open loop: that many messages a second, by the owners of groups in turn; how many were sent."""
        groups = groups or self.groups
        asked = self.crowd.total("replies")
        step, begin, sent = 1 / rate, time.monotonic(), 0
        text = "x" * 100
        while (now := time.monotonic()) < begin + seconds:
            while sent < (now - begin) * rate:
                group, owner = groups[sent % len(groups)]
                self.crowd.clients[2 * owner + sent // len(groups) % 2].ask(
                    "message.send", {"conversation": group, "text": text})
                sent += 1
            self.crowd.poll(min(0.02, step))
        self.settle(lambda: self.crowd.total("replies") >= asked + sent)
        return sent

    def send_one(self, group, owner):
        """One message, acknowledged."""
        asked = self.crowd.total("replies")
        self.crowd.clients[2 * owner].ask("message.send", {"conversation": group, "text": "x" * 100})
        self.settle(lambda: self.crowd.total("replies") > asked)

    def close(self):
        self.crowd.close()


class Span:
    """What each part of a cluster has used between entering and leaving."""

    def __init__(self, cluster, load):
        self.cluster, self.load = cluster, load

    def __enter__(self):
        self.groups = self.cluster.groups()
        self.before = {name: cpu(pids) for name, pids in self.groups.items()}
        self.events, self.bytes = self.load.crowd.total("events"), self.load.crowd.total("bytes")
        self.began = time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.began
        self.cpu = {name: cpu(pids) - self.before[name] for name, pids in self.groups.items()}
        self.events = self.load.crowd.total("events") - self.events
        self.bytes = self.load.crowd.total("bytes") - self.bytes
