"""Drawings of a report as SVG: bars, curves, and nothing that has to be loaded."""
import html
import math

WIDTH = 560
# As many as the style names; a target has the same one in all drawings.
COLOURS = 13


def number(value):
    """`950`, `12.3k`, `4.56M`."""
    if abs(value) >= 1e6:
        return f"{value / 1e6:.2f}M"
    if abs(value) >= 1e3:
        return f"{value / 1e3:.1f}k"
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def escaped(text):
    return html.escape(str(text), quote=True)


def figure(title, inside, height):
    name = escaped(title)
    return (f'<figure><figcaption>{name}</figcaption><svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
            f'aria-label="{name}">{inside}</svg></figure>')


def bars(title, rows, form="{:.2f} ×", line=None):
    """Rows of (name, value, colour, whether it is ours); `line` is a value that is marked from top to bottom."""
    rows = [row for row in rows if row[1] is not None and row[1] > 0]
    if not rows:
        return ""
    most = max([row[1] for row in rows] + [line or 0])
    left, room, step = 150, WIDTH - 150 - 70, 26
    parts, height = [], step * len(rows) + 12
    if line:
        x = left + line / most * room
        parts.append(f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height}"/>')
    for place, (name, value, colour, is_ours) in enumerate(rows):
        y, long = step * place + 6, max(value / most * room, 1)
        kind = "ours" if is_ours else "theirs"
        parts.append(
            f'<text class="{kind}" x="{left - 8}" y="{y + 13}" text-anchor="end">{escaped(name)}</text>'
            f'<rect x="{left}" y="{y}" width="{long:.1f}" height="18" rx="3" fill="var(--c{colour % COLOURS})"/>'
            f'<text class="{kind}" x="{left + long + 6:.1f}" y="{y + 13}">{form.format(value)}</text>')
    return figure(title, "".join(parts), height)


class Axes:
    left, right, top, bottom, height = 56, 14, 10, 28, 280

    def __init__(self, xs, ys, log):
        self.log = log
        self.x0, self.x1 = min(min(xs), 0), max(max(xs), 1e-9)
        self.y0, self.y1 = (max(min(ys), 1e-3), max(ys)) if log else (0, max(ys))
        if self.y1 <= self.y0:
            self.y1 = self.y0 * 1.1 + 1e-9

    def x(self, value):
        return self.left + (value - self.x0) / (self.x1 - self.x0) * (WIDTH - self.left - self.right)

    def y(self, value):
        room = self.height - self.top - self.bottom
        if self.log:
            share = math.log(max(value, self.y0) / self.y0) / math.log(self.y1 / self.y0)
        else:
            share = value / self.y1
        return self.height - self.bottom - share * room

    def rows(self):
        if not self.log:
            return steps(self.y1)
        first, last = math.floor(math.log10(self.y0)), math.ceil(math.log10(self.y1))
        marks = [m * 10.0 ** e for e in range(first, last + 1) for m in (1, 2, 5)]
        kept = [mark for mark in marks if self.y0 <= mark <= self.y1]
        return [mark for mark in kept if len(kept) < 9 or f"{mark:e}".startswith("1")]

    def grid(self, columns):
        parts = []
        for mark in self.rows():
            y = self.y(mark)
            parts.append(f'<line class="grid" x1="{self.left}" x2="{WIDTH - self.right}" y1="{y:.1f}" y2="{y:.1f}"/>'
                         f'<text x="{self.left - 6}" y="{y + 4:.1f}" text-anchor="end">{number(mark)}</text>')
        for mark, name in columns:
            if self.x0 <= mark <= self.x1:
                parts.append(f'<text x="{self.x(mark):.1f}" y="{self.height - 8}" text-anchor="middle">{name}</text>')
        return "".join(parts)


def steps(most):
    """Four or five round values from 0."""
    step = 10.0 ** math.floor(math.log10(max(most, 1e-9)))
    step *= next((fine for fine in (0.2, 0.5, 1) if most / (step * fine) <= 5), 2)
    return [step * place for place in range(int(most / step + 1e-9) + 1)]


def curves(title, lines, columns=None, log=False, dots=False):
    """Lines of (name, colour, points); `columns` are the marks of the x axis as (value, name)."""
    lines = [(name, colour, points) for name, colour, points in lines if len(points) > 1]
    if not lines or max(y for _, _, points in lines for _, y in points) <= 0:
        return ""
    xs = [x for _, _, points in lines for x, _ in points]
    axes = Axes(xs, [y for _, _, points in lines for _, y in points if y > 0], log)
    columns = columns or [(mark, number(mark)) for mark in steps(axes.x1)]
    parts = [axes.grid(columns)]
    for name, colour, points in lines:
        ink = f"var(--c{colour % COLOURS})"
        path = " ".join(f"{axes.x(x):.1f},{axes.y(y):.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{ink}" stroke-width="2" '
                     f'stroke-linejoin="round"><title>{escaped(name)}</title></polyline>')
        if dots:
            parts += [f'<circle cx="{axes.x(x):.1f}" cy="{axes.y(y):.1f}" r="3.5" fill="{ink}"/>' for x, y in points]
    legend = "".join(f'<li><i style="background:var(--c{colour % COLOURS})"></i>{escaped(name)}</li>'
                     for name, colour, _ in lines)
    return figure(title, "".join(parts), Axes.height) .replace("</figure>", f'<ul class="legend">{legend}</ul></figure>')


NINES = [(place, name + " %") for place, name in enumerate(("0", "90", "99", "99.9", "99.99", "99.999"))]


def percentiles(pairs):
    """The points of a latency's curve from a result's histogram: nines to the right, milliseconds up."""
    bucket = seen = 0
    counts = []
    for step, times in zip(pairs[::2], pairs[1::2]):
        bucket += step
        counts.append((top(bucket), times))
    total = sum(times for _, times in counts)
    points = []
    for value, times in counts:
        seen += times
        points.append((math.log10(1 / max(1 - seen / total, 0.5 / total)), max(value, 1) / 1000))
    every = max(1, len(points) // 300)
    return [point for place, point in enumerate(points) if place % every == 0 or place == len(points) - 1]


def top(bucket):
    """The largest number of microseconds in a bucket (Sources/Bench/Measuring/Histogram.swift)."""
    if bucket < 2048:
        return bucket
    shift, mantissa = (bucket - 2048) // 1024 + 1, (bucket - 2048) % 1024 + 1024
    return ((mantissa + 1) << shift) - 1
