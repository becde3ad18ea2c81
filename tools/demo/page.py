"""The result as one HTML page that needs no network."""

import html
import math
import pathlib

from demo.text import percent, time_text

COLOURS = {"cascade": "var(--one)", "deep alone": "var(--two)", "trees alone": "var(--three)"}
WIDTH, HEIGHT, LEFT, BOTTOM = 520, 260, 56, 34


def write(result, path):
    template = (pathlib.Path(__file__).parent / "page.html").read_text(encoding="utf-8")
    for name, part in parts(result).items():
        template = template.replace("{{" + name + "}}", part)
    path.write_text(template, encoding="utf-8")


def parts(result):
    load, made, caught = result["load"], result["decided"], result["caught"]
    areas = result["ranking"]["average_precision"]
    return {
        "seed": str(result["seed"]),
        "cards": f"{result['cards']:,}",
        "decisions": f"{load['answered']:,}",
        "decisions_note": f"{load['rate']:,.0f}/s for {load['seconds']:.0f} s, "
                          f"{load['offered'] - load['answered']} not decided",
        "p99": time_text(result["latency"]["from_due"][2]),
        "p99_note": f"median {time_text(result['latency']['from_due'][0])}, "
                    f"p99.9 {time_text(result['latency']['from_due'][3])}, {made['late']} late",
        "recall": percent(caught["recall"]),
        "recall_note": f"{percent(caught['review_share'], 2)} of all payments reviewed, "
                       f"{percent(caught['genuine_declined'], 2)} of the genuine declined",
        "cost": percent(result["cost"]["share"]),
        "cost_note": "of asking the heavy model each time; area under the curve "
                     f"{areas['cascade']:.3f} against {areas['deep alone']:.3f}",
        "latency": latency_rows(result),
        "stages": stage_rows(result),
        "decided": decided_rows(result),
        "degraded": degraded(made),
        "fraud": fraud_rows(caught),
        "scenarios": "".join(
            f"<li>{html.escape(name)}: {cell['caught']} of {cell['fraud']} stopped</li>"
            for name, cell in caught["by_scenario"].items()),
        "latency_chart": latency_chart(result["latency"]["distribution"]),
        "curve_chart": curve_chart(result["ranking"]),
        "checks": "".join(
            f"<li class={'good' if c['holds'] else 'bad'}>{html.escape(c['text'])}</li>"
            for c in result["checks"]),
        "cost_text": cost_text(result),
        "machine": machine(result),
    }


def row(name, cells):
    return f"<tr><th>{html.escape(name)}</th>" + "".join(f"<td>{c}</td>" for c in cells) + "</tr>"


def latency_rows(result):
    latency = result["latency"]
    rows = [row("from the due time", map(time_text, latency["from_due"]))]
    rows += [row(f"decided by {name}", map(time_text, values))
             for name, values in latency["by_tier"].items()]
    rows.append(row("from the actual send", map(time_text, latency["from_sent"])))
    rows.append(row("the driver's own lag", map(time_text, latency["lag"])))
    return "".join(rows)


def stage_rows(result):
    return "".join(row(name, [f"{stage['count']:,}", *map(time_text, stage["us"])])
                   for name, stage in result["stages"].items())


def decided_rows(result):
    count = result["load"]["answered"]
    return "".join(
        row(name, [f"{n:,}", percent(n / count),
                   f'<i class=bar style="width:{160 * n / count:.0f}px"></i>'])
        for name, n in result["decided"]["by"].items())


def degraded(made):
    if not made["degraded"]:
        return "None was degraded."
    reasons = ", ".join(f"{name} {n:,}" for name, n in made["degraded_reasons"].items())
    return html.escape(f"{made['degraded']:,} degraded: {reasons}.")


def fraud_rows(caught):
    return "".join(row(name, [f"{cell['fraud']:,}", f"{cell['genuine']:,}"])
                   for name, cell in caught["table"].items())


def cost_text(result):
    cost, made = result["cost"], result["decided"]
    return (f"One run of trees takes {cost['us']['trees']:.1f} µs, one of deep "
            f"{cost['us']['deep']:.1f} µs (ONNX Runtime, one row, one thread). Trees scored "
            f"{made['scored_by_trees']:,} payments and passed {made['scored_by_deep']:,} on "
            f"({percent(made['escalated'])}): {cost['cascade_s']:.2f} s of model time instead of "
            f"{cost['heavy_only_s']:.2f} s.")


def machine(result):
    one = result["machine"]
    return html.escape(
        f"{one['name']}, {one['cores']} cores shared by server and driver, "
        f"{percent(one['stolen'])} stolen; server {one['server_us']:.0f} µs of processor time a "
        f"payment, {one['memory'] / 1e6:,.0f} MB")


def axes(x_marks, y_marks, x_label, y_label):
    """Marks are (position from 0 to 1, text)."""
    drawn = []
    for at, text in x_marks:
        x = LEFT + at * (WIDTH - LEFT)
        drawn.append(f'<line x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}"/>'
                     f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 14}" text-anchor="middle">'
                     f"{text}</text>")
    for at, text in y_marks:
        y = (HEIGHT - BOTTOM) * (1 - at)
        drawn.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH}" y2="{y:.1f}"/>'
                     f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
    drawn.append(f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 2}" text-anchor="middle">'
                 f"{x_label}</text>")
    return (f'<svg viewBox="-4 -10 {WIDTH + 24} {HEIGHT + 14}" role="img" '
            f'aria-label="{y_label} by {x_label}"><g class=axis>{"".join(drawn)}</g>')


def line(points, colour):
    path = " ".join(
        f"{LEFT + x * (WIDTH - LEFT):.1f},{(HEIGHT - BOTTOM) * (1 - y):.1f}" for x, y in points)
    return f'<polyline points="{path}" style="stroke:{colour}"/>'


def latency_chart(values):
    """Latency over percentiles, both in powers of ten, so that the tail has room."""
    low = math.floor(math.log10(max(min(values), 10)))
    high = max(low + 1, math.ceil(math.log10(max(values))))
    marks = [(e - low) / (high - low) for e in range(low, high + 1)]
    texts = [time_text(10.0 ** e).replace(".00", "").replace(".0", "")
             for e in range(low, high + 1)]
    x_marks = [(n / 4, text) for n, text in enumerate(["min", "90 %", "99 %", "99.9 %", "99.99 %"])]
    points = [(i / (len(values) - 1), (math.log10(max(v, 10.0 ** low)) - low) / (high - low))
              for i, v in enumerate(values)]
    return axes(x_marks, list(zip(marks, texts)), "percentile", "latency") \
        + line(points, "var(--one)") + "</svg>"


def curve_chart(ranking):
    marks = [(n / 4, f"{25 * n} %") for n in range(5)]
    drawn = axes(marks, marks, "recall", "precision")
    for number, (name, points) in enumerate(ranking["curves"].items()):
        drawn += line(points, COLOURS[name])
        area = ranking["average_precision"][name]
        drawn += (f'<text class=legend x="{LEFT + 12}" y="{HEIGHT - BOTTOM - 60 + 18 * number}" '
                  f'style="fill:{COLOURS[name]}">{name}: {area:.3f}</text>')
    return drawn + "</svg>"
