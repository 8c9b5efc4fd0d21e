"""The goals that a run can judge by itself, and what became of each."""
import statistics
from typing import NamedTuple

import grown
import stored
from results import explained

QUICK, BUSY = "a quick run judges nothing", "the machine was busy when it began"
# As much of its cores may a machine do already: a run takes all of them, and shares them with whatever else there is.
BUSY_SHARE = 0.5
# As much of it may others take while something is measured.
BESIDE_SHARE = 0.15


class Goal(NamedTuple):
    number: int
    what: str
    scenario: str
    target: str
    figure: str
    to: str  # the target that it is a ratio to, or ""
    bound: float  # in the figure's own unit
    is_least: bool
    form: str
    unit: float = 1

    def words(self, value):
        return self.form.format(value / self.unit)


CPU, P99 = "deliveries_per_cpu_s", "delivery_p99_us"
GOALS = [
    Goal(1, "echo through the WebSocket stack, messages a CPU-second", "echo", "websocket", CPU, "raw", 0.9, True, "{:.2f} × raw"),
    Goal(2, "a room of 1,000, several frames a tick", "room-1000", "memory", CPU, "raw", 2.5, True, "{:.2f} × raw"),
    Goal(2, "a room of 1,000, one frame a tick", "room-1000-open", "memory", CPU, "raw", 0.9, True, "{:.2f} × raw"),
    Goal(2, "100 rooms of 100, one message under way in each", "rooms-100x100", "memory", CPU, "raw", 0.9, True, "{:.2f} × raw"),
    Goal(3, "a room of 1,000 by Socket.IO", "room-1000", "memory-socketio", CPU, "raw", 0.85, True, "{:.2f} × raw"),
    Goal(3, "… to Flask-SocketIO", "room-1000", "memory-socketio", CPU, "flask-socketio", 6, True, "{:.1f} × Flask"),
    Goal(4, "memory of an idle connection", "idle", "cluster", "idle_bytes", "", 2_048, False, "{:,.0f} B"),
    Goal(4, "… by Socket.IO", "idle", "cluster-socketio", "idle_bytes", "", 3_072, False, "{:,.0f} B"),
    Goal(5, "p99 of a message, the whole path at 2,000 a second", "durable", "cluster", P99, "", 250_000, False, "{:,.1f} ms", 1_000),
    Goal(7, "p99 at 10,000 deliveries a second", "room-1000-open", "memory", P99, "raw", 1.5, False, "{:.2f} × raw"),
    Goal(8, "Martlet's CPU for a connection of a storm of 10,000", "connect-storm", "cluster", "martlet_us_per_connect", "", 150, False, "{:,.0f} µs"),
]
ELSEWHERE = "4 by TLS, of which benchmarks/README.md tells; 3 beside node's socket.io, which cannot be had"


class Judgement(NamedTuple):
    number: int
    what: str
    wanted: str
    measured: str
    holds: bool | None  # nothing where it is not judged
    why: str


def judge(run):
    """Each goal of which there is a figure; those of whole runs are judged."""
    found = [judgement(run, goal) for goal in GOALS]
    curve = [Judgement(11, f"the CPU a million deliveries to nodes cost {said.subject}", "flat", said.found,
                       None if doubtful(run) else said.holds, doubtful(run))
             for said in grown.judged(run.about.get("scaling") or []) if said.part == "redis"]
    return sorted((each for each in [*found, *falling(run), *storing(run)] if each), key=lambda each: each.number) + curve


def falling(run):
    """Goal 5's other half: a message costs Martlet's own processes less where there are more of them."""
    ratios = run.to_scenario("durable", "durable-light", "cluster", "martlet_us_per_message")
    if ratios:
        why = doubtful(run) or next(filter(None, (unclean(run, each, "cluster") for each in ("durable", "durable-light"))), "")
        heavy, light = run.offered("durable"), run.offered("durable-light")
        yield Judgement(5, f"Martlet's CPU for a message at {heavy:,.0f} a second to one at {light:,.0f}", "< 1.00 ×",
                        spread(ratios, "{:.2f} ×".format), None if why else statistics.median(ratios) < 1, why)


def storing(run):
    """What is stored and read beside bare programs: the goals that benchmarks/storing has measured."""
    found, why = run.stored(), doubtful(run)
    for pair in stored.PAIRS:
        ratios = [ratio for ratio in (stored.ratio(pair, *both) for both in stored.rounds(found, pair)) if ratio]
        if ratios:
            value, least = statistics.median(ratios), pair.sense == ">="
            of = "nginx" if pair.bare == "nginx" else "libpq"
            yield Judgement(pair.number, pair.what, f"{'≥' if least else '≤'} {pair.wanted:.2f} × {of}",
                            spread(ratios, lambda each: f"{each:.2f} × {of}"),
                            None if why else value >= pair.wanted if least else value <= pair.wanted, why)


def spread(values, words):
    """The median; of several rounds with the least and the most."""
    if len(values) == 1:
        return words(values[0])
    return f"{words(statistics.median(values))} ({words(min(values)).split(' ')[0]} to {words(max(values)).split(' ')[0]})"


def judgement(run, goal):
    values = run.values(goal.scenario, goal.target, goal.figure, goal.to)
    if not values:
        return None
    value = statistics.median(values)
    measured = spread(values, goal.words)
    why = unjudged(run, goal)
    holds = None if why else value >= goal.bound if goal.is_least else value <= goal.bound
    return Judgement(goal.number, goal.what, ("≥ " if goal.is_least else "≤ ") + goal.words(goal.bound), measured, holds, why)


def unjudged(run, goal):
    """Why a figure says nothing of a goal; nothing where it does."""
    if doubtful(run):
        return doubtful(run)
    return next(filter(None, (unclean(run, goal.scenario, target) for target in (goal.target, goal.to) if target)), "")


def unclean(run, scenario, target):
    """Why a measurement says nothing of a goal; nothing where it does."""
    verdict = run.verdict(scenario, target)
    if explained(verdict):
        return f"{target} was not clean: {explained(verdict)}"
    beside = run.median(scenario, target, "beside_share") or 0
    return f"others took {beside:.0%} of the machine while {target} was measured" if beside > BESIDE_SHARE else ""


def doubtful(run):
    """Why nothing of a run is judged; nothing where it is."""
    return QUICK if run.about["quick"] else BUSY if is_busy(run.about) else ""


def is_busy(about):
    """Whether something else was at work before the run began."""
    load = (about["machine"].get("load when it began") or "0").split()[0]
    return float(load) > BUSY_SHARE * about["machine"]["cores"]


def told(run):
    """A sentence for each goal that the run has a figure for."""
    return [f"Goal {each.number}, {each.what}: {each.measured}, wanted {each.wanted}: "
            + {True: "reached", False: "not reached", None: f"not judged ({each.why})"}[each.holds] for each in judge(run)]
