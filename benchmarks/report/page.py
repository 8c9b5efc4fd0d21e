"""A run's results as one page of HTML: nothing to load, no script, light or dark as the reader has it."""
import goals
import grown
import stored
from charts import NINES, bars, curves, escaped, number, percentiles
from results import FIGURES, OURS, WHO, colour, explained, faults

STYLE = """
:root{color-scheme:light dark;--ink:#1d2328;--soft:#68737d;--line:#dfe4e8;--paper:#fff;--tile:#f4f6f8;
--c0:#1f6feb;--c1:#6ea0f0;--c2:#0b7285;--c3:#5fb3c1;--c4:#3d464d;--c5:#87919a;--c6:#2b8a3e;--c7:#b08800;--c8:#9c36b5;--c9:#d9480f;--c10:#c2255c;--c11:#66a80f;--c12:#845ef7}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#98a4ae;--line:#343b42;--paper:#15191d;--tile:#1f252b;
--c0:#6ea8fe;--c1:#a9c8ff;--c2:#66d9e8;--c3:#a5ecf4;--c4:#ced4da;--c5:#868e96;--c6:#69db7c;--c7:#ffd43b;--c8:#da77f2;--c9:#ff9260;--c10:#faa2c1;--c11:#c0eb75;--c12:#b197fc}}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{max-width:1200px;margin:0 auto;padding:36px 20px 80px}h1{font-size:30px;line-height:1.2;margin:0 0 6px}
h2{font-size:21px;margin:52px 0 4px}h3{font-size:16px;margin:28px 0 6px}p{max-width:78ch}
.lead,small,figcaption{color:var(--soft)}.verdict{display:inline-block;padding:6px 14px;border-radius:6px;background:var(--tile)}
.good::before{content:"✓ ";color:var(--c6)}.bad{color:var(--c9)}.bad::before{content:"✗ "}
.tiles{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(190px,1fr));gap:12px}
.tiles li{background:var(--tile);border-radius:8px;padding:14px}.tiles b{display:block;font-size:24px}
.who{padding-left:18px}.who b{margin-right:6px}
.tiles span{color:var(--soft);font-size:13px}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(500px,100%),1fr));gap:28px;margin:18px 0}
figure{margin:0}figcaption{font-size:14px;margin-bottom:6px}svg{width:100%;height:auto;display:block}
svg text{font:12px system-ui,sans-serif;fill:var(--soft)}svg text.ours{fill:var(--ink);font-weight:600}
.grid{stroke:var(--line);stroke-width:1}.mark{stroke:var(--soft);stroke-width:1;stroke-dasharray:4 3}
.legend{list-style:none;padding:0;margin:6px 0 0;display:flex;flex-wrap:wrap;gap:4px 16px;font-size:13px;color:var(--soft)}
.legend i{display:inline-block;width:14px;height:4px;margin-right:6px;vertical-align:middle}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:14px}
th,td{text-align:right;padding:5px 12px;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums}
th{font-weight:400;color:var(--soft);vertical-align:bottom}th:first-child,td:first-child,.words td,.words th{text-align:left}
tr.ours td:first-child{font-weight:600}code{font-size:13px}
"""


def page(run):
    about = run.about
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Martlet, measured {escaped(about['date'])}</title><style>{STYLE}</style></head><body><main>
<h1>Martlet, measured beside its limit and its peers</h1>
{lead(run)}
{reached(run)}
{ratios(run)}
{"".join(section(run, scenario) for scenario in run.scenarios())}
{storing(run)}
{scaling(about.get("scaling") or [], goals.doubtful(run))}
{machine(run)}
</main></body></html>
"""


def lead(run):
    about, verdict = run.about, run.verdict()
    wrong, absent = faults(own(run)), own(run).get("absent", 0)
    kind = "bad" if wrong or absent else "good"
    words = (f"{number(verdict.get('checked', 0))} deliveries checked. Of Martlet's own {wrong} were lost, repeated, "
             f"out of order or strangers', and {absent} sockets were missing.")
    quick = "<p><strong>A quick run: it shows that everything runs, not what it is worth.</strong></p>" if about["quick"] else ""
    if goals.is_busy(about):
        quick += (f"<p><strong>The machine was busy when this began (load {escaped(about['machine']['load when it began'])} on "
                  f"{about['machine']['cores']} cores): ratios may hold, nothing else does.</strong></p>")
    return f"""<p class="lead">{escaped(about['date'])} · commit {escaped(about['commit'])} · {escaped(about['machine']['cpu'])},
{about['machine']['cores']} cores · {about['rounds']} round{'s' if about['rounds'] != 1 else ''}, medians</p>
<p class="verdict {kind}">{words}</p>{quick}
<ul class="tiles">{tiles(run)}</ul>
<p>In each round all targets of a scenario were measured one after the other, and ratios were taken within the round: what else the
machine did met them alike. The tester ran on the same cores, so compare CPU and ratios, not rates. <b>Deliveries a CPU-second</b> are the messages that a target brought to sockets for each second
of CPU that all of its processes used. ↑ more is better, ↓ less is.</p>
<ul class="who">{who(run)}</ul>
<p>The peers check nobody, store nothing and promise nothing. <b>Faults</b> are what the tester finds when it checks each delivery: <i>lost</i>,
acknowledged to the sender (of a peer's, which acknowledge nothing: sent) and never there; <i>repeated</i>, there twice; <i>out of
order</i>, behind a later one (of a peer's: behind one that the same socket said later, or that was said when it had been heard);
<i>strangers'</i>, of another room or not what was sent. A <i>missing socket</i> was not connected when all was judged, mostly cut off for
reading too slowly: what it would have heard nobody knows. A peer that loses or cuts off has done less work than one that does not, so
a ratio is marked by <b>*</b> where either of its two runs was not clean.</p>"""


def who(run):
    found = dict.fromkeys(target for _, target in run.found)
    return "".join(f"<li><b>{escaped(target)}</b> {escaped(WHO.get(target, ''))}</li>" for target in found)


def own(run):
    total = {}
    for scenario, target in run.found:
        if target in OURS:
            for word, count in run.verdict(scenario, target).items():
                total[word] = total.get(word, 0) + count
    return total


def tiles(run):
    shown = []

    def tile(value, form, words):
        if value:
            shown.append(f"<li><b>{form.format(value)}</b><span>{words}</span></li>")

    def beside(scenario, target, to, form, words):
        value = run.ratio(scenario, target, to=to)
        behind = "; Martlet loses here" if value and value < 1 else ""
        tile(value, form + run.mark(scenario, target, to), words + behind)

    beside("room-1000", "memory", "raw", "{:.2f} × raw", "a room of 1,000, one node in memory, deliveries a CPU-second")
    beside("room-1000", "memory", "raw-coalesce", "{:.2f} × raw-coalesce", "the same, to the limit that gathers its writes")
    beside("room-1000", "memory-socketio", "flask-socketio", "{:.1f} × Flask", "the same by Socket.IO, to Flask-SocketIO")
    for peer in ("raw", "node-ws"):
        beside("echo", "memory", peer, "{:.2f} × " + peer, "echo, one node in memory: one message to one socket and back")
    tile(run.median("room-1000", "cluster", "deliveries_per_cpu_s"), "{:,.0f}", "deliveries a CPU-second, the whole cluster with PostgreSQL")
    p99 = run.median("durable", "cluster", "delivery_p99_us")
    rate = p99 and run.offered("durable")
    tile(p99 and p99 / 1000, "{:.1f} ms", "p99 of a stored message over two nodes"
         + (f", {rate:,.0f} messages a second offered" if rate else ", closed loop"))
    tile(run.median("idle", "cluster", "idle_bytes"), "{:,.0f} B", "memory of an idle connection")
    tile(run.median("connect-storm", "cluster", "cpu_us_per_connect"), "{:,.0f} µs", "CPU of a connection that signs in and resumes")
    return "".join(shown)


def reached(run):
    """The goals that the run has a figure for."""
    rows = []
    for each in goals.judge(run):
        kind, said = {True: ("good", "reached"), False: ("bad", "not reached"), None: ("", f"not judged: {each.why}")}[each.holds]
        rows.append(f'<tr><td>{each.number}</td><td>{escaped(each.what)}</td><td>{escaped(each.wanted)}</td>'
                    f'<td>{escaped(each.measured)}</td><td class="{kind}">{escaped(said)}</td></tr>')
    if not rows:
        return ""
    return (f'<h2>The goals</h2><p>Of Martlet\'s goals those that this run has a figure for; the medians of {run.about["rounds"]} '
            f'round{"s" if run.about["rounds"] != 1 else ""}, in brackets the lowest and the highest. Not here: {goals.ELSEWHERE}.</p>'
            '<div class="wide"><table class="words"><thead><tr><th></th><th></th><th>goal</th><th>measured</th><th></th></tr></thead>'
            f'<tbody>{"".join(rows)}</tbody></table></div>')


def ratios(run):
    drawn = []
    for scenario in run.scenarios():
        rows = [(target + run.mark(scenario, target), run.ratio(scenario, target), colour(target), target in OURS)
                for target in run.targets(scenario)]
        rows = sorted((row for row in rows if row[1]), key=lambda row: -row[1])
        if len(rows) > 2:
            drawn.append(bars(f"{run.title(scenario)}: deliveries a CPU-second, raw = 1, longer is better", rows, line=1))
    return f'<h2>Beside the limit</h2><div class="charts">{"".join(drawn)}</div>' if drawn else ""


def section(run, scenario):
    targets = run.targets(scenario)
    first = {target: run.found[(scenario, target)][0] for target in targets}

    def latencies(phase, name, title):
        found = [(t, colour(t), percentiles(first[t][phase]["histograms"].get(name) or [])) for t in targets]
        return curves(f"{title} by percentile, ms", [line for line in found if line[2]], NINES, log=True)

    timed = [latencies("measure", "delivery", "Delivery latency"), latencies("measure", "reconnect", "Time until back in and resumed")]
    if not any(timed):
        timed = [latencies("connecting", "connect", "Time to connect")]
    rates = [(t, colour(t), series(first[t], "delivered")) for t in targets]
    slow = [(t, colour(t), [(x, y / 1000) for x, y in series(first[t], "p99_us") if y]) for t in targets]
    there = [(t, colour(t), series(first[t], "connected", "connect")) for t in targets if "storm" in scenario or "churn" in scenario]
    drawn = [
        *timed, curves("Deliveries a second, over time in s", rates), curves("p99 of each second, ms, over time in s", slow, log=True),
        curves("Sockets connected, over time in s", there)]
    return f'<h2>{escaped(run.title(scenario))}</h2>{table(run, scenario)}<div class="charts">{"".join(drawn)}</div>'


def series(result, name, *more):
    """Second by second from the first message on; with `connect` from the first connection on."""
    kept = [second for second in result["series"] if second["phase"] in ("warm", "measure", *more)]
    return [(second["at"] - kept[0]["at"], second[name]) for second in kept]


def table(run, scenario):
    targets = run.targets(scenario)
    shown = [f for f in FIGURES if any(run.median(scenario, t, f[0]) for t in targets)]
    has_raw = "raw" in targets
    head = "".join(f"<th>{escaped(f[1])}</th>" for f in shown) + ("<th>to raw</th>" if has_raw else "")
    rows = []
    for target in targets:
        cells = []
        for name, _, form, unit in shown:
            value = run.median(scenario, target, name)
            cells.append("<td>–</td>" if value is None else f"<td>{form.format(value / unit)}</td>")
        if has_raw:
            ratio = run.ratio(scenario, target)
            cells.append(f"<td>{ratio:.2f}{run.mark(scenario, target)}</td>" if ratio else "<td>–</td>")
        verdict = run.verdict(scenario, target)
        wrong, absent = faults(verdict), verdict.get("absent", 0)
        cells.append(f'<td class="{"bad" if wrong or absent else ""}">{wrong} / {absent}</td>')
        rows.append(f'<tr class="{"ours" if target in OURS else ""}"><td>{escaped(target)}</td>{"".join(cells)}</tr>')
    return (f'<div class="wide"><table><thead><tr><th></th>{head}<th>faults / missing sockets</th></tr></thead>'
            f'<tbody>{"".join(rows)}</tbody></table></div>{unclean(run, scenario)}')


def unclean(run, scenario):
    said = [f"<b>{escaped(target)}</b>: {escaped(words)} of {number(verdict.get('checked', 0))} checked" for target in run.targets(scenario)
            for verdict in [run.verdict(scenario, target)] for words in [explained(verdict)] if words]
    return f"<p><small>Not clean: {'; '.join(said)}.</small></p>" if said else ""


def storing(run):
    rows = stored.table(run.stored())
    if not rows:
        return ""
    head = "".join(f"<th>{escaped(words)}</th>" for words in stored.HEAD)
    body = "".join(f'<tr class="{"ours" if row[-1] else ""}">' + "".join(f"<td>{escaped(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return (f'<h2>Storing, pages and requests beside bare programs</h2><p>{escaped(stored.WORDS.replace("**", ""))}</p>'
            f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>')


def scaling(points, why):
    if not points:
        return ""
    head = "".join(f"<th>{words}</th>" for words in grown.HEAD)
    rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in grown.cells(point)) + "</tr>" for point in points)
    verdicts = "".join(f'<li class="{"" if why else "good" if said.holds else "bad"}">{escaped(said.words)}.</li>' for said in grown.judged(points))
    if why:
        verdicts += f"<li>Not judged: {escaped(why)}.</li>"

    def drawn(part, grows, title):
        return curves(title, grown.lines(points, part), [(n, str(n)) for n in sorted({point[grows] for point in points})], dots=True)

    return f"""<h2>What more nodes and more Redis masters cost</h2>
<p>CPU-seconds by socket nodes and masters of a Redis cluster: Martlet's and PostgreSQL's for a million deliveries to sockets, Redis' for a
million deliveries to nodes. A room whose members are on four nodes is told to four: how many that are for a delivery to a socket,
the table says, and what of Redis' CPU its masters use without any load, each for itself. At a load that stays the same there is
less for each to do at a time, and what comes alone costs a waking of its own; with a load that grows with the cluster the cost should
stay. Two cores cannot show that more machines do more in a second, only whether what a delivery costs stays what it is;
<code>benchmarks/capacity.md</code> multiplies from there. Where the lines do not rise, twice the machines bear twice the load.</p>
<ul>{verdicts}</ul>
<div class="charts">{drawn("martlet", "nodes", "Martlet: CPU-seconds a million deliveries, by socket nodes")}
{drawn("redis", "masters", "Redis: CPU-seconds a million deliveries to nodes, by masters")}</div>
<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"""


def machine(run):
    about = run.about

    def words(title, pairs):
        rows = "".join(f"<tr><td>{escaped(name)}</td><td><code>{escaped(value)}</code></td></tr>" for name, value in pairs)
        return f'<h3>{title}</h3><div class="wide"><table class="words">{rows}</table></div>' if rows else ""

    return ("<h2>Machine, versions, settings</h2>" + words("Machine", about["machine"].items())
            + words("Versions", about["versions"].items()) + words("Peers", about["peers"].items())
            + words("Settings that differ from their defaults", about["settings"].items())
            + words("Not measured", about["without"].items()))
