"""The chart: rendered without a cluster and without Helm, in several shapes."""

import json
import os
import pathlib
import re
import tempfile

import jsonschema
import yaml

from sentences import DEPLOY, ROOT, Untried, holds, program, run, same

CHART = DEPLOY / "chart"
SHAPES = {
    "as it comes": {},
    "everything on": {
        "image": {"digest": "sha256:" + "0" * 64, "pullSecrets": ["registry"]},
        "ingress": {"enabled": True, "host": "chat.example", "tlsSecret": "chat-tls"},
        "api": {"autoscaling": {"enabled": True}}, "trustedProxies": ["10.0.0.0/8"],
        "socket": {"autoscaling": {"enabled": True}, "settings": {"LIMIT_CONNECTIONS": 15000},
            "nodeSelector": {"pool": "sockets"}, "tolerations": [{"key": "sockets", "operator": "Exists"}]},
        "settings": {"ORIGINS": "https://chat.example", "LIMIT_CONNECTIONS": 100, "DEFLATE": "on"},
        "monitoring": {"serviceMonitor": True, "rules": True, "labels": {"release": "prometheus"}}},
    "as little as there is": {"migration": {"enabled": False}, "networkPolicy": {"enabled": False},
        "secrets": {"name": "other", "privateKey": True}},
}
KINDS = {"Deployment": 2, "Service": 2, "PodDisruptionBudget": 2}


def render(values):
    """The objects that Helm would send, and the notes."""
    library = pathlib.Path("/usr/share/gocode/src/github.com")
    if not (library / "Masterminds/sprig").exists() or not (library / "ghodss/yaml").exists():
        raise Untried("golang-github-masterminds-sprig-dev with golang-github-ghodss-yaml-dev")
    binary = pathlib.Path(os.environ["TMPDIR"]) / "render"
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode",
        "GOCACHE": str(ROOT / ".build/deploy/go"), "GOFLAGS": ""}
    if not binary.exists():
        run(program("go"), "build", "-o", binary, DEPLOY / "tests/chart/render.go", env=environment)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(values, file)
        file.flush()
        text = run(binary, CHART, file.name)
    objects, _, notes = text.partition("Martlet 0.1.0 as")
    return [each for each in yaml.safe_load_all(objects) if each], notes


def over(values, shape):
    """What Helm checks: the values as they are with these laid over them."""
    inner = {key: over(values.get(key, {}), each) if isinstance(each, dict) else each for key, each in shape.items()}
    return {**values, **inner}


def pods(objects):
    for each in objects:
        if each["kind"] in ("Deployment", "Job"):
            yield each, each["spec"]["template"]["spec"]


def topic(_):
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    for name, shape in SHAPES.items():
        shape_is_right(name, shape, schema)

    @holds("values.yaml is what its schema says, name for name")
    def _():
        jsonschema.Draft7Validator(schema).validate(values)
        same(values, set(schema["properties"]) - {"global"}, "values")
        for key, value in values.items():
            if isinstance(value, dict) and key != "settings":
                same(value, schema["properties"][key]["properties"], key)

    @holds("the schema refuses what is no value, a secret among the settings, and what the chart sets itself")
    def _():
        for wrong in ({"replicas": 2}, {"api": {"replicas": 0}}, {"settings": {"TOKEN_KEYS": "a:b"}},
                {"settings": {"NODE_ID": "x"}}, {"settings": {"MARTLET_ORIGINS ": "x"}}, {"trustedProxies": ["all"]},
                {"image": {"repository": "x", "digest": "latest"}}, {"drain": {"graceSeconds": 0}}):
            assert not jsonschema.Draft7Validator(schema).is_valid(over(values, wrong)), wrong

    @holds("the notes are a smoke test for the release")
    def _():
        notes = render({})[1]
        for word in ("rollout status", "martlet doctor", "/v1/users", "trustedProxies is empty"):
            assert word in notes, word
        assert "trustedProxies" not in render(SHAPES["everything on"])[1]


def shape_is_right(name, shape, schema):
    @holds(f"the chart, {name}: its values fit the schema, and Kubernetes knows every member of what it makes")
    def _():
        values = yaml.safe_load((CHART / "values.yaml").read_text())
        jsonschema.Draft7Validator(schema).validate(over(values, shape))
        objects, _ = render(shape)
        kinds = [each["kind"] for each in objects]
        for kind, count in KINDS.items():
            assert kinds.count(kind) == count, kinds
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump_all([each for each in objects if "coreos" not in each["apiVersion"]], file)
            file.flush()
            run(program("kubernetes-validate"), "--strict", file.name)

    @holds(f"the chart, {name}: pods are restricted, have limits, and get secrets as files")
    def _():
        for each, pod in pods(render(shape)[0]):
            assert pod["automountServiceAccountToken"] is False and pod["securityContext"]["runAsNonRoot"], each
            assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
            for container in pod["containers"]:
                security = container["securityContext"]
                assert security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"]
                assert security["capabilities"] == {"drop": ["ALL"]}
                assert container["resources"]["limits"]["memory"] and container["resources"]["requests"]["cpu"]
                names = [variable["name"] for variable in container["env"]]
                assert len(names) == len(set(names)), f"twice: {names}"
                assert not any(re.search("(_URL|_KEYS?)$", variable) for variable in names), names

    @holds(f"the chart, {name}: a pod's leave fits its grace, no pod goes before another is ready, selectors meet")
    def _():
        objects, _ = render(shape)
        for each, pod in pods(objects):
            if each["kind"] == "Job":
                continue
            container = pod["containers"][0]
            command = container["lifecycle"]["preStop"]["exec"]["command"]
            assert command[:3] == ["/usr/local/bin/martlet", "drain", "--wait"], command
            grace = next(int(v["value"]) for v in container["env"] if v["name"] == "MARTLET_DRAIN_GRACE_S")
            assert pod["terminationGracePeriodSeconds"] > max(int(command[-1]), grace) + grace
            assert each["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
            paths = {container[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "readiness")}
            assert paths == {"/readyz"} and container["livenessProbe"]["httpGet"]["path"] == "/healthz"
            assert len(pod["topologySpreadConstraints"]) == 2
            labels = each["spec"]["template"]["metadata"]["labels"].items()
            for other in objects:
                if other["metadata"]["name"] == each["metadata"]["name"] and other["kind"] in KINDS:
                    selector = other["spec"]["selector"]
                    assert (selector.get("matchLabels") or selector).items() <= labels, other["kind"]

    @holds(f"the chart, {name}: every setting of a pod exists")
    def _():
        known = set(re.findall(r"`(MARTLET_\w+)`", (DEPLOY / "settings.md").read_text()))
        for _, pod in pods(render(shape)[0]):
            for variable in pod["containers"][0]["env"]:
                setting = variable["name"]
                assert setting == "POD_IP" or setting in known or setting.removesuffix("_FILE") in known, setting

    if name == "everything on":
        everything_on(shape)


def everything_on(shape):
    @holds("the chart: sockets scale by connections, API nodes by processor, both slowly down")
    def _():
        by = {each["metadata"]["name"]: each["spec"] for each in render(shape)[0]
              if each["kind"] == "HorizontalPodAutoscaler"}
        assert by["talk-socket"]["metrics"][0]["pods"]["metric"]["name"] == "martlet_connections"
        assert by["talk-api"]["metrics"][0]["resource"]["name"] == "cpu"
        assert all(each["behavior"]["scaleDown"]["stabilizationWindowSeconds"] >= 300 for each in by.values())

    @holds("the chart: the ingress sends sockets to socket pods, those of every dialect too, and all else to API pods")
    def _():
        ingress = next(each for each in render(shape)[0] if each["kind"] == "Ingress")
        paths = {path["path"]: path for path in ingress["spec"]["rules"][0]["http"]["paths"]}
        wanted = {"/v1/socket": "Exact", "/socket.io/": "Prefix"}
        text = "".join(path.read_text() for path in (ROOT / "Sources/Dialects").glob("*/*Dialect.swift"))
        dialects = re.findall(r'name: "([a-z-]+)",\s*carrier: \.(\w+)', text)
        served = re.search(r"`MARTLET_DIALECTS`.*?`([a-z,-]+)`", (DEPLOY / "settings.md").read_text())[1]
        assert {name for name, _ in dialects} == set(served.split(",")), dialects
        for name, carrier in dialects:
            places = {"/socket.io/": "Prefix"} if carrier == "socketIO" else {"": "Exact", "/": "Exact"}
            wanted.update({f"/dialects/{name}{place}": kind for place, kind in places.items()})
        found = {place: path["pathType"] for place, path in paths.items()
                 if path["backend"]["service"]["name"] == "talk-socket"}
        assert found == wanted, found
        assert paths["/"]["backend"]["service"]["name"] == "talk-api"

    @holds("the chart: a role's setting wins over everybody's, and Prometheus gets the rules that are tested")
    def _():
        objects, _ = render(shape)
        for each, pod in pods(objects):
            env = {variable["name"]: variable.get("value") for variable in pod["containers"][0]["env"]}
            wanted = {"talk-api": "100", "talk-socket": "15000"}.get(each["metadata"]["name"])
            assert env.get("MARTLET_LIMIT_CONNECTIONS") == wanted
        rules = next(each for each in objects if each["kind"] == "PrometheusRule")["spec"]
        assert rules == yaml.safe_load((DEPLOY / "monitoring/rules.yaml").read_text())
