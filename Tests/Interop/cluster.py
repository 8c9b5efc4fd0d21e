"""A cluster of a test's own: one api node, two socket nodes, a balancer that is not sticky, started by deploy/local."""

import json
import os
import pathlib
import random
import signal
import subprocess
import time

from checks import until
from rest import REST
from wire import ask

LOCAL = pathlib.Path(__file__).resolve().parent / "../../deploy/local"
# What is 0 on every node when nobody is there.
GAUGES = ["martlet_socket_sessions", "martlet_sessions", "martlet_engine_sessions", "martlet_engine_polls",
    "martlet_websockets", "martlet_forward_tunnels"]
# What holds a file each; the rest of a node's files is there from its start.
HOLDERS = ["martlet_connections", "martlet_database_connections", "martlet_forward_connections"]


class Node:
    """A process of the cluster, asked past the balancer."""

    def __init__(self, role, told):
        self.role, self.pid, self.port = role, told["pid"], int(told["url"].rpartition(":")[2])

    async def measures(self):
        """Every sample of /metrics, added up over its labels."""
        sums = {}
        for line in (await ask(self, "GET", "/metrics")).text.splitlines():
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                name = name.partition("{")[0]
                sums[name] = sums.get(name, 0) + float(value)
        return sums

    def files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


class Cluster:
    """Stopped and wiped by the script `run`, whatever becomes of this process."""

    def __init__(self, binary, data, redis, clients):
        self.binary, self.data, self.redis, self.clients = binary, data, redis, clients
        self.rest = REST(self)
        # A session whose client vanished between two polls is there until its ping is not answered: a test waits for
        # that. Thousands of clients would have no time for anything but such pings.
        self.times = {} if clients > 500 else {
            "MARTLET_SOCKETIO_PING_INTERVAL_MS": "5000", "MARTLET_SOCKETIO_PING_TIMEOUT_MS": "5000"}
        # Sign-ins that may fail from one address: few, so that a test sees whose address a node believes. And a short
        # leave.
        self.sign_ins = 20
        self.times |= {"MARTLET_RATE_SIGN_IN_ADDRESS": f"{self.sign_ins}/15m", "MARTLET_DRAIN_GRACE_S": "6"}

    def start(self):
        started = time.monotonic()
        bases = list(range(19100, 20000, 100))
        random.shuffle(bases)
        for base in bases[:5]:
            said = self.up("--port-base", str(base))
            if said.returncode == 0:
                break
            subprocess.run([LOCAL / "down", "--data", self.data], capture_output=True)
        else:
            raise SystemExit(f"the cluster does not start: {said.stdout}{said.stderr}")
        print(f"a cluster is up after {time.monotonic() - started:.0f} s", flush=True)
        return self

    def up(self, *more):
        """Starts all, or what is dead."""
        said = subprocess.run([LOCAL / "up", "--detach", "--data", self.data, "--binary", self.binary, "--api", "1",
            "--socket", "2", "--redis", self.redis, *more],
            capture_output=True, text=True, env={**os.environ, **self.times})
        if said.returncode == 0:
            told = json.loads((pathlib.Path(self.data) / "cluster.json").read_text())
            self.url = told["main"]
            self.port = int(self.url.rpartition(":")[2])
            self.api = [Node("api", node) for node in told["api"]]
            self.socket = [Node("socket", node) for node in told["socket"]]
        return said

    @property
    def nodes(self):
        return self.api + self.socket

    def kill(self, number):
        os.kill(self.socket[number].pid, signal.SIGKILL)

    async def files(self):
        """Of each node by its process: open files that no gauge of connections tells of, its own or another node's."""
        measures = {node.pid: await node.measures() for node in self.nodes}
        passed_on = {pid: told.get("martlet_forward_connections", 0) for pid, told in measures.items()}
        held = {pid: sum(told.get(name, 0) for name in HOLDERS) for pid, told in measures.items()}
        return {node.pid: node.files() - held[node.pid]
                - (sum(passed_on.values()) - passed_on[node.pid] if node.role == "socket" else 0)
                for node in self.nodes}

    async def is_left_clean(self, before, seconds=90):
        """Waits until every gauge of every node is 0; then each node has the files that it had before, and no more."""
        rest = {}

        async def all_gone():
            rest.clear()
            for node in self.nodes:
                measures = await node.measures()
                assert all(name in measures for name in GAUGES if node.role == "socket"), sorted(measures)
                rest.update({(node.port, name): measures[name] for name in GAUGES if measures.get(name)})
            return not rest

        await until(all_gone, seconds, lambda: f"still there: {rest}")

        async def files_back():
            now = await self.files()
            rest.clear()
            # This question's own connection may be counted or not yet.
            rest.update({pid: (before[pid], count) for pid, count in now.items() if count > before.get(pid, count) + 1})
            return not rest

        await until(files_back, seconds, lambda: f"files before and now: {rest}")
