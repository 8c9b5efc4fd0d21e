"""What a run of benchmarks/run has measured, as its files have it, and what follows from it."""
import json
import pathlib
import statistics

import stored

# Each target's name has the same colour everywhere; those that are not here take what is left.
OURS = {"cluster": 0, "cluster-socketio": 1, "memory": 2, "memory-socketio": 3, "websocket": 12}
THEIRS = {"raw": 4, "raw-coalesce": 5, "node-ws": 6, "nchan": 7, "mosquitto": 8, "python-socketio": 9,
          "flask-socketio": 10, "ejabberd": 11}
WHO = {  # what each target is, in a line
    "cluster": "deploy/local/up: PostgreSQL (fsync on), Redis, two api and two socket nodes; its CPU is that of all its processes",
    "cluster-socketio": "the same cluster, its clients by Socket.IO",
    "memory": "martlet dev: one node that stores in memory, with tokens, limits and membership",
    "memory-socketio": "the same node, its clients by Socket.IO",
    "websocket": "the same WebSocket stack without a hub: the conformance fixture, which sends each message back",
    "raw": "the limit: C on epoll, one write for each recipient's frame, and nothing else",
    "raw-coalesce": "the limit with one write for all that a recipient gets in a turn of the loop",
    "node-ws": "node's ws with rooms as most tutorials write them",
    "nchan": "nginx' nchan, publishing what its WebSockets say",
    "mosquitto": "Eclipse's MQTT broker over WebSocket, a topic for a room, QoS 0",
    "ejabberd": "XMPP over WebSocket, guests in its rooms for many (MUC), no archive, no presence of others",
    "python-socketio": "python-socketio on uvicorn",
    "flask-socketio": "Flask-SocketIO on eventlet, what the dialects' own servers were made of",
}
FAULTS = [  # the verdict's word, what a person reads
    ("lost", "lost"), ("repeated", "repeated"), ("reordered", "out of order"), ("foreign", "strangers'"),
    ("absent", "sockets missing"),
]
SCENARIOS = pathlib.Path(__file__).resolve().parent.parent / "scenarios"
FIGURES = [  # name, heading with the way that is better, how it is written, unit of the value
    ("deliveries_per_cpu_s", "deliveries a CPU-second ↑", "{:,.0f}", 1),
    ("deliveries_per_s", "deliveries a second ↑", "{:,.0f}", 1),
    ("cpu_us_per_message", "CPU a message, µs ↓", "{:,.0f}", 1),
    ("delivery_p50_us", "p50, ms ↓", "{:.2f}", 1000),
    ("delivery_p99_us", "p99, ms ↓", "{:.2f}", 1000),
    ("cpu_us_per_connect", "CPU a connection made, µs ↓", "{:,.0f}", 1),
    ("cpu_us_per_return", "CPU a going and coming back, µs ↓", "{:,.0f}", 1),
    ("reconnect_p50_us", "back in, p50, ms ↓", "{:.1f}", 1000),
    ("reconnect_p99_us", "back in, p99, ms ↓", "{:.1f}", 1000),
    ("history_p99_us", "page of 50, p99, ms ↓", "{:.1f}", 1000),
    ("idle_bytes", "bytes a connection ↓", "{:,.0f}", 1),
    ("beside_share", "taken by others, % of the machine", "{:.0f}", 0.01),
]


class Run:
    """A folder of results: `run.json` tells of the run, each other file is one measurement."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.about = json.loads((self.folder / "run.json").read_text())
        self.found = {}
        for scenario, target, number in self.about["measured"]:
            path = self.folder / f"{scenario}-{target}-{number}.json"
            if path.exists():
                result = dict(with_more(json.loads(path.read_text())), round=number)
                self.found.setdefault((scenario, target), []).append(result)

    def stored(self):
        """What benchmarks/storing has measured in the same run, as ``stored.read`` has it."""
        return stored.read(self.folder / "storing")

    def scenarios(self):
        return list(dict.fromkeys(scenario for scenario, _ in self.found))

    def targets(self, scenario):
        return [target for name, target in self.found if name == scenario]

    def median(self, scenario, target, figure):
        # Where messages flow it is what they left behind, and what few connections take is lost in what an allocator keeps.
        if figure == "idle_bytes" and scenario != "idle":
            return None
        values = self.values(scenario, target, figure)
        return statistics.median(values) if values else None

    def values(self, scenario, target, figure, to=""):
        """A figure of each round; to another target the ratio of each round, since the machine was the same for both then."""
        mine = [r for r in self.found.get((scenario, target), []) if figure != "idle_bytes" or r["connected"] >= 1_000]
        if not to:
            return [r["figures"][figure] for r in mine if r["figures"].get(figure) is not None]
        other = {r["round"]: r["figures"].get(figure) for r in self.found.get((scenario, to), [])}
        return [r["figures"][figure] / other[r["round"]] for r in mine if r["figures"].get(figure) and other.get(r["round"])]

    def to_scenario(self, scenario, other, target, figure):
        """A figure of each round to that of another scenario in the same round."""
        than = {r["round"]: r["figures"].get(figure) for r in self.found.get((other, target), [])}
        mine = [(r["figures"].get(figure), than.get(r["round"])) for r in self.found.get((scenario, target), [])]
        return [one / two for one, two in mine if one and two]

    def ratio(self, scenario, target, figure="deliveries_per_cpu_s", to="raw"):
        values = self.values(scenario, target, figure, to)
        return statistics.median(values) if values else None

    def verdict(self, scenario=None, target=None):
        total = {}
        for (name, which), results in self.found.items():
            if (scenario, target) in ((None, None), (name, which)):
                for result in results:
                    for word, count in result["verdict"].items():
                        total[word] = total.get(word, 0) + count
        return total

    def is_clean(self, scenario, target):
        verdict = self.verdict(scenario, target)
        return not faults(verdict) and not verdict.get("absent", 0)

    def mark(self, scenario, target, to="raw"):
        """Behind a ratio of which one side did not do all of the work."""
        return "" if self.is_clean(scenario, target) and self.is_clean(scenario, to) else " *"

    def ran(self, scenario):
        """The scenario as it was run, with what --quick has made smaller."""
        return next(r["scenario"] for (name, _), results in self.found.items() if name == scenario for r in results)

    def offered(self, scenario):
        """Messages a second of an open loop; nothing for a closed one, which offers what it gets."""
        return (self.ran(scenario).get("load") or {}).get("per_second")

    def title(self, scenario):
        """The file's own, unless something else was run."""
        ran, path = self.ran(scenario), SCENARIOS / f"{scenario}.json"
        of_file = json.loads(path.read_text()) if path.exists() else ran
        is_whole = all(ran.get(name, of_file.get(name)) == of_file.get(name) for name in ("connections", "users"))
        short, long = ran.get("measure_s"), of_file.get("measure_s")
        time = f" – {short:g} s instead of {long:g} s" if short and long and short != long else ""
        return (ran["title"] if is_whole else f"{scenario}, smaller: {shape(ran)}") + time


def with_more(result):
    """With what Martlet's own processes, without stores and balancer, spent on a connection and on a message, and all on a
    coming and going; and with the share of the machine that neither target nor tester had."""
    own = [use for use in result.get("processes", []) if use["name"].startswith(("socket", "api", "server"))]
    if own and result["connected"]:
        result["figures"]["martlet_us_per_connect"] = sum(use["connect_cpu_s"] for use in own) / result["connected"] * 1e6
    messages = result["figures"].get("messages_per_s", 0) * (result.get("measure_s") or 0)
    if own and messages:
        result["figures"]["martlet_us_per_message"] = sum(use["measure_cpu_s"] for use in own) / messages * 1e6
    gone = result["measure"].get("counts", {}).get("done reconnect")
    if gone and not result["scenario"].get("load"):
        used = sum(use["measure_cpu_s"] for use in result["processes"] if not use["name"].startswith("bench"))
        result["figures"]["cpu_us_per_return"] = used / gone * 1e6
    beside, cores = result.get("beside"), (result.get("machine") or {}).get("cores")
    if beside and cores and result.get("measure_s"):
        result["figures"]["beside_share"] = sum(beside.values()) / cores / result["measure_s"]
    return result


def shape(ran):
    sockets, users = ran["connections"], min(ran["users"], ran["connections"])
    words = [f"{sockets:,} sockets of {users:,} users"]
    if ran["conversations"]["kind"] == "rooms":
        rooms = max(1, min(ran["conversations"]["count"], users))
        words.append(f"{rooms:,} room{'s' if rooms > 1 else ''} of {sockets / rooms:,.0f}")
    load = ran.get("load") or {}
    if load:
        words.append(f"{load['per_second']:,.0f} messages a second" if load.get("per_second") else "closed loop")
    return ", ".join(words)


def faults(verdict):
    return sum(verdict.get(word, 0) for word in ("lost", "repeated", "reordered", "foreign"))


def explained(verdict):
    """`3 lost, 2 sockets missing`; nothing of a clean run."""
    return ", ".join(f"{verdict[word]:,} {name}" for word, name in FAULTS if verdict.get(word))


def colour(target):
    return OURS.get(target, THEIRS.get(target, 9))
