"""A real Prometheus before a cluster, with waits of seconds, a node whose log nobody reads, and one with a clock."""

import http.server
import json
import os
import pathlib
import re
import subprocess
import threading
import time
import urllib.error

import cluster as clusters
from ports import free_port
from sentences import DEPLOY, program


class Silent:
    """A node beside the cluster whose log nobody reads."""

    def __init__(self, martlet):
        self.port = free_port()
        self.process = subprocess.Popen([martlet, "dev"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={"MARTLET_LISTEN": f"127.0.0.1:{self.port}", "MARTLET_LOOPS": "1"})

    def end(self):
        self.process.kill()
        self.process.wait()


class Clock:
    """A node of which nothing is told but its time, and by how many seconds that is wrong."""

    def __init__(self):
        self.ahead = 0
        clock = self

        class Door(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                text = f"# TYPE martlet_time_seconds gauge\nmartlet_time_seconds {time.time() + clock.ahead:.3f}\n"
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()


class Watch:
    """Prometheus before the cluster's two nodes, every second, with waits of seconds."""

    def __init__(self, cluster, *beside):
        directory = pathlib.Path(os.environ["TMPDIR"]) / "prometheus"
        directory.mkdir()
        rules = (DEPLOY / "monitoring/rules.yaml").read_text()
        rules = re.sub(r"for: \d+[ms]", "for: 2s", rules)
        rules = rules.replace("[15m]", "[90s]")  # a node takes seconds to come back
        rules = re.sub(r"(\[|offset )\d+m\b", r"\g<1>8s", rules)
        (directory / "rules.yaml").write_text(rules)
        jobs = [{"job_name": f"martlet-{role}", "static_configs": [{"targets": [f"127.0.0.1:{cluster.port(role)}"]}]}
                for role in ("api", "socket")]
        jobs[0]["static_configs"][0]["targets"] += [f"127.0.0.1:{node.port}" for node in beside]
        (directory / "prometheus.yaml").write_text(json.dumps({"rule_files": ["rules.yaml"], "scrape_configs": jobs,
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}}))
        self.port, self.seen = free_port(), set()
        self.process = subprocess.Popen([program("prometheus"), f"--config.file={directory}/prometheus.yaml",
            f"--storage.tsdb.path={directory}/data", f"--web.listen-address=127.0.0.1:{self.port}"],
            stdout=subprocess.DEVNULL, stderr=open(directory / "log", "w"))
        self.fresh, self.over = set(), threading.Event()
        threading.Thread(target=self.look, daemon=True).start()

    def firing(self):
        try:
            told = json.loads(clusters.ask(f"http://127.0.0.1:{self.port}/api/v1/alerts"))
        except (OSError, urllib.error.URLError):
            return None
        return {alert["labels"]["alertname"] for alert in told["data"]["alerts"] if alert["state"] == "firing"}

    def look(self):
        """Remembers what fires, however long other things take."""
        while not self.over.wait(0.5):
            firing = self.firing() or set()
            self.seen |= firing
            self.fresh |= firing

    def until(self, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while (now := self.firing()) is None or not condition(now):
            assert time.monotonic() < deadline, f"firing: {now}"
            time.sleep(0.3)
        return now

    def sees(self, *names):
        """Waits until they fire, each at its time."""
        self.during(lambda: time.sleep(0.3), *names)

    def during(self, act, *names, seconds=90):
        """Does something again and again until they have fired."""
        self.fresh.clear()
        deadline = time.monotonic() + seconds
        while not self.fresh >= set(names):
            assert time.monotonic() < deadline, f"fired: {self.fresh}"
            act()

    def calms(self):
        """Waits until nothing fires any more, but for what tells of the minutes before."""
        self.until(lambda firing: not firing - {"MartletReadinessFlapping", "MartletReconnectStorm"}, 90)

    def end(self):
        self.over.set()
        self.process.terminate()
        self.process.wait()
