"""What benchmarks/storing measures beside bare programs, and what its measurements say of goals 6, 9 and 10."""
import json
import pathlib
import statistics
from typing import NamedTuple

PAGE = 50


class Pair(NamedTuple):
    """Two programs that do the same; the ratio is of what one CPU-second of each, PostgreSQL's with it, does."""
    number: int
    what: str
    bare: str
    ours: str
    unit: str
    sense: str  # >= of what ours does to what the bare one does; <= of what one takes
    wanted: float


PAIRS = [
    Pair(6, "durable messages through one socket node", "libpq rows of 128", "socket node", "messages", ">=", 0.7),
    Pair(9, f"a page of {PAGE} by REST, 32 clients", "libpq pages", "api node", "pages", "<=", 1.3),
    Pair(9, "… 16 clients", "libpq, 16 at a time", "api node", "pages", "<=", 1.3),
    Pair(9, "… one client", "libpq, one at a time", "api node", "pages", "<=", 1.3),
    Pair(10, "GET /v1/info", "nginx", "api node", "requests", ">=", 0.5),
    Pair(10, "POST …/messages", "libpq rows of 1", "api node", "messages", ">=", 0.6),
]


class Cost(NamedTuple):
    """Of one operation, in µs."""
    own: float
    database: float
    p50: float | None

    @property
    def all(self):
        return self.own + self.database


def cost(pair, measured):
    # nginx and the info ask no database: what it does meanwhile is not theirs.
    database = 0 if pair.bare == "nginx" else measured["postgres_cpu_s"]
    return Cost(measured["own_cpu_s"] / measured["count"] * 1e6, database / measured["count"] * 1e6, measured.get("p50_us"))


def ratio(pair, bare, ours, part=lambda each: each.all):
    over, under = (ours, bare) if pair.sense == "<=" else (bare, ours)
    return part(over) / part(under) if part(over) and part(under) else None


def read(folder):
    """The measurements of each pair's two sides, a list of rounds each; nothing where storing was not run."""
    path = pathlib.Path(folder) / "measurements.json"
    if not path.exists():
        return {}
    return {(each["goal"], each["side"]): each["rounds"] for each in json.loads(path.read_text())}


def rounds(found, pair):
    """Both costs in each round, since the machine was the same for both then."""
    bare, ours = (found.get((pair.what, side), []) for side in (pair.bare, pair.ours))
    return [(cost(pair, one), cost(pair, other)) for one, other in zip(bare, ours)]


def rate(measured):
    return statistics.median(each.get("rate", each["count"] / each["seconds"]) for each in measured)


def table(found):
    """The rows of a report: what, side, a second, own CPU, PostgreSQL's, all, ratio of all, of own, p50, its ratio, goal."""
    rows = []
    for pair in PAIRS:
        both = rounds(found, pair)
        if not both:
            continue
        for place, side in enumerate((pair.bare, pair.ours)):
            own, database, total = (statistics.median(part(each[place]) for each in both)
                                    for part in (lambda c: c.own, lambda c: c.database, lambda c: c.all))
            waits = [each[place].p50 for each in both if each[place].p50]
            parts = [lambda c: c.all, lambda c: c.own] + ([lambda c: c.p50] if pair.sense == "<=" else [])
            ratios = [[r for r in (ratio(pair, *each, part) for each in both) if r] for part in parts] if place else []
            ratios = [f"{statistics.median(each):.2f}" if each else "" for each in ratios] + [""] * (3 - len(ratios))
            rows.append(["" if place else pair.what, side, f"{rate(found[pair.what, side]):,.0f} {pair.unit}", f"{own:.1f}",
                         f"{database:.1f}", f"{total:.1f}", ratios[0], ratios[1],
                         f"{statistics.median(waits):,.0f}" if waits else "", ratios[2],
                         f"{pair.sense} {pair.wanted}" if place else ""])
    return rows


HEAD = ["", "", "a second", "own CPU", "PostgreSQL's", "all", "ratio (all)", "ratio (own)", "p50", "ratio (p50)", "goal"]
WORDS = ("CPU in µs for each; **all** is the program's and PostgreSQL's. Ratios are of what one CPU-second does: Martlet's to the bare "
         "program's; for a page of its cost. A rate is what was reached beside the generator of the load, on the same "
         "cores. p50: in which time half were answered, in µs.")
