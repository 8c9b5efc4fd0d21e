"""What a run of benchmarks/run has measured, as its files have it, and what follows from it."""
import json
import pathlib
import statistics

# Each target's name has the same colour everywhere; those that are not here take what is left.
OURS = {"cluster": 0, "cluster-socketio": 1, "memory": 2, "memory-socketio": 3}
THEIRS = {"raw": 4, "raw-coalesce": 5, "node-ws": 6, "nchan": 7, "mosquitto": 8, "python-socketio": 9,
          "flask-socketio": 10}
FIGURES = [  # name, heading, how it is written, unit of the value
    ("deliveries_per_cpu_s", "deliveries a CPU-second", "{:,.0f}", 1),
    ("deliveries_per_s", "deliveries a second", "{:,.0f}", 1),
    ("cpu_us_per_message", "CPU a message, µs", "{:,.0f}", 1),
    ("delivery_p50_us", "p50, ms", "{:.2f}", 1000),
    ("delivery_p99_us", "p99, ms", "{:.2f}", 1000),
    ("cpu_us_per_connect", "CPU a connection, µs", "{:,.0f}", 1),
    ("idle_bytes", "bytes a connection", "{:,.0f}", 1),
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
                self.found.setdefault((scenario, target), []).append(json.loads(path.read_text()))

    def scenarios(self):
        return list(dict.fromkeys(scenario for scenario, _ in self.found))

    def targets(self, scenario):
        return [target for name, target in self.found if name == scenario]

    def median(self, scenario, target, figure):
        # What few connections take is lost in what an allocator keeps.
        found = [r for r in self.found.get((scenario, target), []) if figure != "idle_bytes" or r["connected"] >= 1_000]
        values = [result["figures"].get(figure) for result in found]
        values = [value for value in values if value is not None]
        return statistics.median(values) if values else None

    def ratio(self, scenario, target, figure="deliveries_per_cpu_s", to="raw"):
        """To another target, round by round: the machine was the same for both then."""
        mine = self.found.get((scenario, target), [])
        other = self.found.get((scenario, to), [])
        pairs = [(a["figures"].get(figure), b["figures"].get(figure)) for a, b in zip(mine, other)]
        values = [a / b for a, b in pairs if a and b]
        return statistics.median(values) if values else None

    def verdict(self, scenario=None, target=None):
        total = {}
        for (name, which), results in self.found.items():
            if (scenario, target) in ((None, None), (name, which)):
                for result in results:
                    for word, count in result["verdict"].items():
                        total[word] = total.get(word, 0) + count
        return total

    def title(self, scenario):
        return next(r["scenario"]["title"] for (name, _), results in self.found.items() if name == scenario
                    for r in results)


def faults(verdict):
    return sum(verdict.get(word, 0) for word in ("lost", "repeated", "reordered", "foreign"))


def colour(target):
    return OURS.get(target, THEIRS.get(target, 9))
