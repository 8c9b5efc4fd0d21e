"""The costs of the parts of a message that fit all points of publishing.py best."""

import random

PARTS = ("publish", "cluster", "replica", "copy", "read", "write", "wake", "tell")


def fit(points):
    """Microseconds of each part, none below zero, with the least sum of squared relative errors."""
    parts = list(PARTS)
    while True:
        rows = [[p["parts"][part] / p["us"] for part in parts] for p in points]
        found = solved([
            [sum(row[i] * row[j] for row in rows) for j in range(len(parts))] + [sum(row[i] for row in rows)] for i in range(len(parts))])
        least = min(range(len(parts)), key=found.__getitem__)
        if found[least] >= 0:
            return {part: found[parts.index(part)] if part in parts else 0.0 for part in PARTS}
        # What fits best below zero is taken for nothing, the lowest first.
        del parts[least]


def solved(equations):
    """The unknowns of linear equations, each a row of factors and what they come to; one that nothing says of is 0."""
    size = len(equations)
    for i in range(size):
        most = max(range(i, size), key=lambda row: abs(equations[row][i]))
        equations[i], equations[most] = equations[most], equations[i]
        if abs(equations[i][i]) < 1e-15:
            continue
        for row in range(size):
            if row != i:
                factor = equations[row][i] / equations[i][i]
                equations[row] = [of - factor * by for of, by in zip(equations[row], equations[i])]
    return [row[-1] / row[i] if abs(row[i]) >= 1e-15 else 0.0 for i, row in enumerate(equations)]


def ranges(points, fits=100):
    """The lowest and the highest of each part in nine of ten fits to as many points, drawn again and again."""
    chosen = random.Random(1)
    found = [fit(chosen.choices(points, k=len(points))) for _ in range(fits)]
    whole = fit(points)
    low, high = {}, {}
    for part in PARTS:
        values = sorted(each[part] for each in found)
        low[part] = min(whole[part], values[fits // 20])
        high[part] = max(whole[part], values[-1 - fits // 20])
    return low, high


def predicted(costs, p):
    return sum(costs[part] * p["parts"][part] for part in PARTS)
