"""Alerts as they fire: a real Prometheus watches a cluster to which the faults are done, in seconds, not minutes."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time
import urllib.error

import cluster as clusters
from cluster import Cluster
from sentences import DEPLOY, ROOT, holds, program


class Watch:
    """Prometheus before the cluster's two nodes, every second, with waits of seconds."""

    def __init__(self, cluster):
        directory = pathlib.Path(os.environ["TMPDIR"]) / "prometheus"
        directory.mkdir()
        rules = (DEPLOY / "monitoring/rules.yaml").read_text()
        rules = re.sub(r"for: \d+[ms]", "for: 2s", rules)
        rules = re.sub(r"\[\d+m\]", "[8s]", rules)
        (directory / "rules.yaml").write_text(rules)
        jobs = [{"job_name": f"martlet-{role}", "static_configs": [{"targets": [f"127.0.0.1:{cluster.port(role)}"]}]}
                for role in ("api", "socket")]
        (directory / "prometheus.yaml").write_text(json.dumps({"rule_files": ["rules.yaml"], "scrape_configs": jobs,
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}}))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen([program("prometheus"), f"--config.file={directory}/prometheus.yaml",
            f"--storage.tsdb.path={directory}/data", f"--web.listen-address=127.0.0.1:{self.port}"],
            stdout=subprocess.DEVNULL, stderr=open(directory / "log", "w"))

    def firing(self):
        try:
            told = json.loads(clusters.ask(f"http://127.0.0.1:{self.port}/api/v1/alerts"))
        except (OSError, urllib.error.URLError):
            return None
        return {alert["labels"]["alertname"] for alert in told["data"]["alerts"] if alert["state"] == "firing"}

    def until(self, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while (now := self.firing()) is None or not condition(now):
            assert time.monotonic() < deadline, f"firing: {now}"
            time.sleep(0.3)
        return now

    def sees(self, name):
        """Waits until it fires."""
        self.until(lambda firing: name in firing)

    def calms(self):
        """Waits until nothing fires any more, but for what tells of the minutes before."""
        self.until(lambda firing: not firing - {"MartletReadinessFlapping", "MartletReconnectStorm"}, 90)

    def end(self):
        self.process.terminate()
        self.process.wait()


def topic(martlet):
    watch = None

    @holds("nothing fires while all is well")
    def _():
        nonlocal watch
        program("prometheus")
        watch = Watch(Cluster.of(martlet))
        watch.until(lambda firing: True)
        time.sleep(6)  # longer than an alert waits; nothing tells that nothing will come
        assert not watch.firing(), watch.firing()

    if not watch:
        return
    cluster = Cluster.of(martlet)
    try:
        faults(cluster, watch)
    finally:
        watch.end()


def faults(cluster, watch):
    def revive():
        said = cluster.up()
        assert said.returncode == 0, said.stdout + said.stderr
        watch.calms()

    @holds("a node that is killed: MartletNodeDown")
    def _():
        os.kill(cluster.pid("socket-1"), signal.SIGKILL)
        watch.sees("MartletNodeDown")
        revive()

    @holds("Redis killed: MartletRedisDown, and sends go on")
    def _():
        os.kill(cluster.pid("redis"), signal.SIGKILL)
        watch.sees("MartletRedisDown")
        assert '"status":"ready"' in clusters.ask(f"{cluster.url}/readyz")
        revive()

    @holds("PostgreSQL stopped: MartletDatabaseDown, and no node ends for it")
    def _():
        os.kill(cluster.pid("postgres"), signal.SIGINT)
        watch.sees("MartletDatabaseDown")
        assert "MartletNodeDown" not in watch.firing()
        revive()

    @holds("a node that stepped aside and was forgotten: MartletNotReady")
    def _():
        done = subprocess.run([cluster.martlet, "drain", "--pid", str(cluster.pid("socket-1"))], capture_output=True,
            text=True, env={"MARTLET_LISTEN": f"127.0.0.1:{cluster.port('socket')}"})
        assert done.returncode == 0, done.stderr
        watch.sees("MartletNotReady")
        subprocess.run([DEPLOY / "local/restart", "socket", "1", "--data", cluster.data], check=True,
            capture_output=True)
        watch.calms()

    @holds("a crowd: MartletConnectionsHigh, then MartletConnectionsTurnedAway")
    def _():
        most = int(clusters.SETTINGS["MARTLET_LIMIT_CONNECTIONS"])
        crowd = [socket.create_connection(("127.0.0.1", cluster.port("socket"))) for _ in range(int(most * 0.9))]
        try:
            watch.sees("MartletConnectionsHigh")
            for _ in range(40):
                with socket.create_connection(("127.0.0.1", cluster.port("socket"))) as more:
                    more.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
                    crowd.append(socket.create_connection(("127.0.0.1", cluster.port("socket"))))
            watch.until(lambda firing: "MartletConnectionsTurnedAway" in firing or "MartletNodeDown" in firing)
        finally:
            for each in crowd:
                each.close()
        watch.sees("MartletConnectionsTurnedAway")
        watch.calms()
