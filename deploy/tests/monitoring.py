"""Rules, alerts and the dashboard: what Prometheus says of them, and whether what they ask for exists."""

import json
import os
import pathlib
import re
import subprocess
import tempfile

import yaml

from cluster import Cluster
from sentences import DEPLOY, ROOT, holds, program, run, same

MONITORING = DEPLOY / "monitoring"
NAME = re.compile(r"\b(?:martlet|process)_[a-z0-9_]+")


def rules():
    groups = yaml.safe_load((MONITORING / "rules.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts():
    return [rule for rule in rules() if "alert" in rule]


def panels():
    return json.loads((MONITORING / "dashboard.json").read_text())["panels"]


def expressions():
    return [(panel["title"], target["expr"]) for panel in panels() for target in panel.get("targets", [])]


def names(text):
    return {re.sub(r"_(bucket|count|sum)$", "", name) for name in NAME.findall(text)}


def topic(martlet):
    @holds("Prometheus takes the rules, and each alert fires when its fault is there, alone, and not before")
    def _():
        run(program("promtool"), "check", "rules", MONITORING / "rules.yaml")
        run(program("promtool"), "test", "rules", MONITORING / "rules.test.yaml")

    @holds("every alert has its test, its page in the runbook, and a link to it; no page is without its alert")
    def _():
        told = [rule["alert"] for rule in alerts()]
        assert len(told) == len(set(told)) > 10
        tests = yaml.safe_load((MONITORING / "rules.test.yaml").read_text())["tests"]
        same(told, [test["name"] for test in tests], "alerts and tests")
        pages = re.findall(r"^### (Martlet\w+)$", (DEPLOY / "runbook.md").read_text(), re.M)
        same(told, pages, "alerts and the runbook's pages")
        for rule in alerts():
            assert rule["annotations"]["runbook"] == f"deploy/runbook.md#{rule['alert'].lower()}", rule["alert"]
            assert rule["annotations"]["summary"].endswith("."), rule["alert"]
            assert rule["labels"]["severity"] in ("critical", "warning"), rule["alert"]

    @holds("what rules and dashboard ask for is what nodes tell")
    def _():
        cluster = Cluster.of(martlet)
        real = {line.split()[2] for role in ("api", "socket") for line in cluster.metrics(role).splitlines()
                if line.startswith("# TYPE")}
        assert len(real) > 40, real
        # What has not happened yet has no line; its name is in the table that the lines are made of.
        table = "".join(path.read_text() for path in (ROOT / "Sources/Node/Metrics").glob("*.swift"))
        real |= set(re.findall(r'"((?:martlet|process)_\w+)"', table))
        asked = {name: where for where, text in [*[(rule.get("alert", "a record"), rule["expr"]) for rule in rules()],
            *expressions()] for name in names(text)}
        unknown = {name: where for name, where in asked.items() if name not in real}
        assert not unknown, unknown
        assert len(asked) > 25

    @holds("what nodes tell is as Prometheus wants it")
    def _():
        cluster = Cluster.of(martlet)
        for role in ("api", "socket"):
            said = subprocess.run([program("promtool"), "check", "metrics"], input=cluster.metrics(role), text=True,
                capture_output=True)
            assert said.returncode == 0, said.stdout + said.stderr

    @holds("the dashboard's panels have ids and places of their own, and Prometheus understands what they ask")
    def _():
        ids = [panel["id"] for panel in panels()]
        assert len(ids) == len(set(ids)) > 10
        taken = set()
        for panel in panels():
            place = panel["gridPos"]
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])}
            assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
            taken |= cells
        groups = [{"name": "d", "rules": [{"record": f"d:{n}", "expr": text.replace("$__rate_interval", "5m")}
                                          for n, (_, text) in enumerate(expressions())]}]
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            json.dump({"groups": groups}, file)
            file.flush()
            run(program("promtool"), "check", "rules", "--lint=none", file.name)

    @holds("the configuration that Compose gives to Prometheus is one")
    def _():
        text = (DEPLOY / "compose/prometheus.yaml").read_text()
        path = pathlib.Path(os.environ["TMPDIR"]) / "prometheus.yaml"
        path.write_text(text.replace("rules.yaml", str(MONITORING / "rules.yaml")))
        run(program("promtool"), "check", "config", path)
        jobs = set(re.findall(r"(?:job_name|replacement): (martlet-(?:api|socket))\b(?!-)", text))
        same(jobs, ["martlet-api", "martlet-socket"], "jobs")
