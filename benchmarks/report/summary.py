"""report.md: the figures of a run as text."""
import goals
import grown
import results
import stored


def text(run):
    told = run.about
    lines = [f"# What was measured on {told['date']}", "",
             f"Commit {told['commit']}; {told['machine']['cpu']}, {told['machine']['cores']} cores; medians of "
             f"{told['rounds']} round(s). \\* behind a ratio: one of its two runs was not clean. [The page](report.html) "
             "says the rest.", ""]
    lines += [f"- {words}." for words in goals.told(run)] + [""]
    for scenario in run.scenarios():
        figures = [f for f in results.FIGURES if any(run.median(scenario, t, f[0]) for t in run.targets(scenario))]
        lines += [f"## {run.title(scenario)}", "", "| | " + " | ".join(f[1] for f in figures) + " | to raw | faults / missing |",
                  "|---|" + "---|" * (len(figures) + 2)]
        for target in run.targets(scenario):
            values = [run.median(scenario, target, f[0]) for f in figures]
            cells = ["" if v is None else f[2].format(v / f[3]) for v, f in zip(values, figures)]
            ratio, verdict = run.ratio(scenario, target), run.verdict(scenario, target)
            cells += [f"{ratio:.2f}{run.mark(scenario, target)}" if ratio else "", f"{results.faults(verdict)} / {verdict.get('absent', 0)}"]
            lines.append(f"| {target} | " + " | ".join(cells) + " |")
        lines.append("")
        lines += [f"{target}: {words}.\n" for target in run.targets(scenario)
                  for words in [results.explained(run.verdict(scenario, target))] if words]
    if run.stored():
        lines += ["## Storing, pages and requests beside bare programs", "", stored.WORDS, "", "| " + " | ".join(stored.HEAD) + " |",
                  "|---" * len(stored.HEAD) + "|", *("| " + " | ".join(row) + " |" for row in stored.table(run.stored())), ""]
    if told["scaling"]:
        lines += ["## CPU-seconds a million deliveries to sockets, Redis' to nodes", "", "| " + " | ".join(grown.HEAD) + " |",
                  "|---" * len(grown.HEAD) + "|", *("| " + " | ".join(grown.cells(point)) + " |" for point in told["scaling"])]
        lines += ["", *(f"- {said.words}." for said in grown.judged(told["scaling"]))]
    return "\n".join(lines) + "\n"
