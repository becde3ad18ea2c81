"""The result as text for the terminal."""


def time_text(us):
    if us is None:
        return "-"
    if us >= 1e6:
        return f"{us / 1e6:.2f} s"
    if us >= 1000:
        return f"{us / 1000:.2f} ms"
    return f"{us:.1f} µs" if us < 100 else f"{us:.0f} µs"


def percent(value, digits=1):
    return f"{100 * value:.{digits}f} %"


def table(rows, first=22):
    widths = [max(len(row[i]) for row in rows) for i in range(1, len(rows[0]))]
    widest = max(first, *(len(row[0]) for row in rows))
    return ["  " + row[0].ljust(widest) + "".join(
        "  " + cell.rjust(width) for cell, width in zip(row[1:], widths)) for row in rows]


def head(result):
    made, asked = result["decided"], result["load"]
    return [
        "SIMULATED DATA: cards, payments and fraud are drawn from seed "
        f"{result['seed']} (Fraud Detection Handbook, three scenarios).",
        "",
        f"{asked['answered']:,} of {asked['offered']:,} payments decided in "
        f"{asked['seconds']:.1f} s ({asked['rate']:,.0f}/s), p99 "
        f"{time_text(result['latency']['from_due'][2])} from the due time, "
        f"{made['late']} late, {made['degraded']} degraded.",
        f"{percent(result['caught']['recall'])} of the fraud stopped; model time "
        f"{percent(result['cost']['share'])} of asking the heavy model each time.",
        "",
    ]


def latency_table(result):
    latency = result["latency"]
    rows = [["", "p50", "p90", "p99", "p99.9", "max"]]
    rows.append(["from the due time", *map(time_text, latency["from_due"])])
    for name, values in latency["by_tier"].items():
        rows.append([f"  decided by {name}", *map(time_text, values)])
    rows.append(["from the actual send", *map(time_text, latency["from_sent"])])
    rows.append(["the driver's own lag", *map(time_text, latency["lag"])])
    return ["Latency over HTTP", *table(rows), ""]


def stage_table(result):
    rows = [["", "decisions", "p50", "p90", "p99", "p99.9", "max"]]
    for name, stage in result["stages"].items():
        rows.append([name, f"{stage['count']:,}", *map(time_text, stage["us"])])
    return ["Where the time goes in the server", *table(rows), ""]


def decided_table(result):
    made, count = result["decided"], result["load"]["answered"]
    rows = [["", "decisions", "share"]]
    rows += [[name, f"{n:,}", percent(n / count)] for name, n in made["by"].items()]
    lines = ["Who decided", *table(rows)]
    lines.append(f"  {percent(made['escalated'])} of what trees scored went on to deep"
                 f" ({made['scored_by_deep']:,}); {made['held']:,} held back to stay in budget")
    if made["degraded_reasons"]:
        reasons = ", ".join(f"{name} {n:,}" for name, n in made["degraded_reasons"].items())
        lines.append(f"  degraded: {reasons}")
    return [*lines, ""]


def fraud_table(result):
    caught = result["caught"]
    rows = [["", "fraud", "genuine"]]
    rows += [[name, f"{cell['fraud']:,}", f"{cell['genuine']:,}"]
             for name, cell in caught["table"].items()]
    lines = ["Fraud", *table(rows)]
    lines.append(f"  stopped (declined or reviewed): {percent(caught['recall'])} of the fraud, "
                 f"{percent(caught['recall_amount'])} of its amount; "
                 f"{percent(caught['review_share'], 2)} of all payments reviewed")
    lines.append(f"  declined: {percent(caught['precision'])} are fraud; "
                 f"{percent(caught['genuine_declined'], 2)} of the genuine ones are declined")
    for name, cell in caught["by_scenario"].items():
        lines.append(f"  {name}: {cell['caught']} of {cell['fraud']} stopped")
    return [*lines, ""]


def cost_lines(result):
    cost, areas = result["cost"], result["ranking"]["average_precision"]
    lost = result["ranking"]["points_lost"]
    apart = f"{abs(lost):.1f} points {'below' if lost > 0 else 'above'}"
    return [
        "Cost and quality against asking the heavy model each time",
        f"  one run: trees {cost['us']['trees']:.1f} µs, deep {cost['us']['deep']:.1f} µs "
        f"(ONNX Runtime, one row, one thread): {percent(cost['ratio_of_one'])}",
        f"  model time: {cost['cascade_s']:.2f} s instead of {cost['heavy_only_s']:.2f} s: "
        f"{percent(cost['share'])}",
        f"  area under the precision-recall curve: cascade {areas['cascade']:.3f}, "
        f"deep alone {areas['deep alone']:.3f} ({apart}), trees alone {areas['trees alone']:.3f}",
        "",
    ]


def check_lines(result):
    checks = result["checks"]
    return ["Checks", *(
        f"  {'ok  ' if check['holds'] else 'FAIL'} {check['text']}" for check in checks), ""]


def whole(result):
    machine = result["machine"]
    lines = [*head(result), *latency_table(result), *stage_table(result), *decided_table(result),
             *fraud_table(result), *cost_lines(result), *check_lines(result)]
    lines.append(
        f"server     {machine['server_us']:.0f} µs of processor time a payment, "
        f"{machine['memory'] / 1e6:,.0f} MB; driver {percent(machine['driver_share'])} of a core")
    lines.append(
        f"machine    {machine['name']}, {machine['cores']} cores shared by server and driver, "
        f"{percent(machine['stolen'])} stolen")
    return "\n".join(lines)
