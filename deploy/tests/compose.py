"""compose.yaml: its order, its hardening, what it mounts."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import yaml

from sentences import DEPLOY, ROOT, Untried, holds, program, run, same

FILE = DEPLOY / "compose.yaml"
NODES = ["api-1", "api-2", "socket-1", "socket-2"]


def topic(_):
    told = yaml.safe_load(FILE.read_text())
    services = told["services"]

    @holds("every node and the migration are hardened: read-only, no capabilities, no new privileges, limits")
    def _():
        for name in [*NODES, "migrate", "edge", "redis", "prometheus", "grafana", "bench"]:
            service = services[name]
            assert service["read_only"] is True and service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"] and service["pids_limit"], name
            assert service["mem_limit"], name
            assert not service.get("privileged") and not service.get("cap_add"), name

    @holds("secrets are files: none stands in an environment, each that is mounted is made by the script")
    def _():
        for name, service in services.items():
            for variable in service.get("environment", {}):
                # Redis of this file has no password: it is in a network of its own.
                assert variable == "MARTLET_REDIS_URL" or not re.search(r"(URL|KEYS?|PASSWORD)$", variable), variable
            assert set(service.get("secrets", [])) <= set(told["secrets"]), name
        made = set(re.findall(r"^make (\w+) ", (DEPLOY / "compose/secrets").read_text(), re.M))
        assert made == set(told["secrets"]), made

    @holds("parts start in order: the database, the schema, the nodes, the edge")
    def _():
        def waits(name):
            return {other: how["condition"] for other, how in services[name].get("depends_on", {}).items()}

        assert waits("migrate") == {"postgres": "service_healthy"}
        for name in NODES:
            assert waits(name) == {"migrate": "service_completed_successfully", "redis": "service_healthy"}, name
        assert waits("edge") == {name: "service_healthy" for name in NODES}
        for name in ["postgres", "redis", *NODES]:
            assert services[name]["healthcheck"]["test"][0] == "CMD", f"{name} needs a shell for its health"

    @holds("a node is given longer to stop than its drain takes")
    def _():
        for name in NODES:
            assert services[name]["stop_grace_period"] == "40s", name
            assert "MARTLET_DRAIN_GRACE_S" not in services[name]["environment"], name

    @holds("without a profile there is one node of each role, with profile cluster two behind the edge")
    def _():
        plain = {name for name, service in services.items() if not service.get("profiles")}
        assert plain == {"postgres", "redis", "migrate", "api-1", "socket-1"}, plain
        assert {n for n, s in services.items() if s.get("profiles") == ["cluster"]} == {"api-2", "socket-2", "edge"}

    @holds("profile bench drives the cluster through the edge when that listens, and leaves its report in a volume")
    def _():
        bench = services["bench"]
        assert bench["profiles"] == ["bench"] and bench["image"] == services["api-1"]["image"]
        assert bench["depends_on"] == {"edge": {"condition": "service_healthy"}} and bench["restart"] == "no"
        assert services["edge"]["healthcheck"]["test"][:2] == ["CMD", "bash"], "the edge's image has bash, a node's not"
        words = bench["command"]
        assert words[0] == "bench" and words[words.index("--target") + 1] == "http://edge:8000"
        given = {option: words[words.index(option) + 1] for option in ("--report", "--json", "--keep")}
        assert all(path.startswith("/report/") for path in given.values()), given
        assert "report:/report" in bench["volumes"] and "report" in told["volumes"]
        # The image has that directory, and its user owns it: a new volume is made after it.
        image = (DEPLOY / "Dockerfile").read_text()
        assert image.count("COPY --from=build --chown=10001:10001 /report /report") == 2
        standard = re.search(r"\$\{BENCH:-(\w+)\}", words[1])[1]
        scenario = json.loads((ROOT / f"benchmarks/scenarios/{standard}.json").read_text())
        registrations = re.search(r"MARTLET_RATE_REGISTER`.*?\| `(\d+)/", (DEPLOY / "settings.md").read_text())[1]
        assert scenario["users"] <= int(registrations), "more users than one address may register"

    @holds("what is mounted is there, and HAProxy takes the two files together")
    def _():
        for service in services.values():
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                assert not source.startswith(".") or (DEPLOY / source).exists(), source
        # Names of containers are known to Docker only.
        backends = (DEPLOY / "compose/backends.cfg").read_text()
        for name in NODES:
            assert f"server {name} {name}:8080" in backends, name
        run(program("haproxy"), "-c", "-f", DEPLOY / "haproxy/haproxy.cfg", "-f", DEPLOY / "compose/backends.cfg",
            env={"EDGE_BIND": "127.0.0.1:1", "EDGE_STATISTICS": "127.0.0.1:2", "EDGE_CONNECTIONS": "100"})

    @holds("Compose itself understands the file, in every profile")
    def _():
        # podman-compose only shows what it would do when the images are there.
        for command in (["docker", "compose"], ["docker-compose"]):
            if not shutil.which(command[0]) or subprocess.run([*command, "version"], capture_output=True).returncode:
                continue
            said = run(*command, "-f", FILE, "--profile", "cluster", "--profile", "monitoring", "--profile",
                "bench", "config")
            same(set(yaml.safe_load(said)["services"]), set(services), "services")
            return
        raise Untried("Compose")

    @holds("the script makes every secret once")
    def _():
        directory = pathlib.Path(tempfile.mkdtemp())
        run(DEPLOY / "compose/secrets", directory)
        first = {path.name: path.read_text() for path in directory.iterdir()}
        run(DEPLOY / "compose/secrets", directory)
        assert first == {path.name: path.read_text() for path in directory.iterdir()}
        assert set(first) == set(told["secrets"]) and all(len(text) > 20 for text in first.values())
        assert first["database_password"].strip() in first["database_url"]
        assert os.stat(directory).st_mode & 0o777 == 0o700
