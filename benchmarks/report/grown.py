"""What the points of a scaling curve say: whether a delivery costs more in a larger cluster."""
from typing import NamedTuple

from results import explained

WITHIN = 0.2  # so much dearer may a delivery be in a larger cluster, and twice the machines bear about twice the load
PARTS = (("martlet", "Martlet", "nodes", "masters"), ("redis", "Redis", "masters", "nodes"))


class Verdict(NamedTuple):
    part: str  # nothing where it is of the measurement itself
    subject: str  # the part and its load
    holds: bool
    found: str

    @property
    def words(self):
        return f"{self.subject}: {self.found}"


def load(point):
    """How a point was loaded; nothing of a folder of earlier runs, which had one load."""
    rate, grows = point.get("per_second"), point.get("grows")
    if grows:
        return f"with {rate / point[grows]:,.0f} messages a second for each {grows[:-1]}"
    return f"at {rate:,.0f} messages a second" if rate else ""


def loads(points):
    """The points by how they were loaded, in the order in which they were measured."""
    found = {}
    for point in points:
        found.setdefault(load(point), []).append(point)
    return found.items()


def along(points, part, grows, stays):
    """For each number that stays the points in which the other grows, if there are two."""
    for kept in sorted({point[stays] for point in points}):
        line = sorted((point for point in points if point[stays] == kept and point[part] > 0), key=lambda p: p[grows])
        if len(line) > 1:
            yield kept, line


def judged(points):
    """A verdict for each part and load: whether a delivery stays as cheap, Martlet's with more nodes and Redis' with more masters."""
    said = []
    for loaded, alike in loads(points):
        for part, name, grows, stays in PARTS:
            changes = [(line[-1][part] / line[0][part] - 1, f"{line[0][grows]} to {line[-1][grows]} {grows}", f"with {counted(kept, stays)}")
                       for kept, line in along(alike, part, grows, stays)]
            if changes:
                holds = all(change <= WITHIN for change, _, _ in changes)
                by_line = ", ".join(f"{change:+.0%} {kept}" + (f" ({over} only)" if over != changes[0][1] else "")
                                    for change, over, kept in changes)
                dearer = f"{'at most' if holds else 'more than'} {WITHIN:.0%} dearer from {changes[0][1]}"
                said.append(Verdict(part, f"{name} {loaded}".strip(), holds, f"{dearer}: {by_line}"))
    unclean = [explained(point["verdict"]) for point in points if explained(point["verdict"])]
    if unclean:
        said.append(Verdict("", f"{len(unclean)} of the points were not clean", False, "; ".join(unclean)))
    return said


def lines(points, part):
    """What is drawn of a part: a line for each load and each number that stays, as (name, colour, points)."""
    _, _, grows, stays = next(each for each in PARTS if each[0] == part)
    found = [(", ".join(filter(None, (loaded, counted(kept, stays)))), [(p[grows], p[part]) for p in line])
             for loaded, alike in loads(points) for kept, line in along(alike, part, grows, stays)]
    return [(name, place, drawn) for place, (name, drawn) in enumerate(found)]


def counted(count, things):
    return f"{count} {things if count > 1 else things[:-1]}"


HEAD = ["socket nodes", "masters", "messages a second", "Martlet", "Redis", "of it at rest", "PostgreSQL",
        "to nodes, for one to a socket", "deliveries measured"]


def cells(point):
    """A row of the table; a folder of earlier runs tells neither the load nor the rest."""
    return [str(point["nodes"]), str(point["masters"]), f"{point['per_second']:,.0f}" if point.get("per_second") else "–",
            f"{point['martlet']:.1f}", f"{point['redis']:.2f}", f"{point['redis_at_rest']:.2f}" if "redis_at_rest" in point else "–",
            f"{point['postgres']:.1f}", f"{point['fan_in']:.3f}", f"{point['deliveries']:,.0f}"]
