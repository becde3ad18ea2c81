#!/usr/bin/env python3
"""The card-fraud example end to end: simulate, backfill, train, serve, a minute of live load.

    make demo                              what this file is for; docs/demo.md explains its result
    make demo DEMO_FLAGS='--customers 2000 --seconds 10 --rate 1000'

Everything it makes lies in .needletail/demo: models, pipeline, records, result.json, result.html.
The steps before the load are skipped while nothing that they are made from has changed. The exit
status is 0; 1 if a step failed; 3 if the load went through but a check of the result does not hold.
"""

import argparse
import json
import os
import pathlib
import shutil
import sys
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from demo import cost, dataset, driver, figures, page, payments, text  # noqa: E402
from demo.preparing import EXAMPLE, Failure, Preparation  # noqa: E402
from demo.serving import Server  # noqa: E402
from demo.sessions import DEEP, TREES, Session  # noqa: E402


def say(name, what):
    print(f"{name:<9} {what}", flush=True)


def progress(now, sent):
    if sys.stdout.isatty():
        print(f"\rload      {sent:,} payments, {now:.0f} s", end="", flush=True)


def prepare(given):
    made = Preparation(given.folder, given.binary, given.seed, given.customers, say)
    made.simulate()
    made.backfill()
    if given.no_training:
        made.take_trained(given.example_models)
    else:
        made.train(given.threads)
    if not given.write_example:
        made.ingest()
    return made


def load(given, made, scenarios):
    """Serves, and sends the payments; returns their outcome and what the machine did meanwhile."""
    count = int(given.rate * given.seconds)
    sent = payments.read(made.simulation, scenarios, count)
    if len(sent) < count:
        say("load", f"the test period has {len(sent):,} payments, fewer than {count:,}")
    reports = payments.reports(made.simulation, sent)
    state = given.folder / "state"
    shutil.rmtree(state, ignore_errors=True)
    shutil.copytree(made.prepared, state)
    server = Server(given.binary, made.models, made.example / "pipeline.yaml", state,
                    given.folder / "serve.log", given.port)
    try:
        started = time.monotonic()
        server.wait_until_ready()
        say("serve", f"ready after {time.monotonic() - started:.1f} s on port {server.port}")
        due = driver.due_times(len(sent), given.rate, given.seed)
        run = driver.Run(server.port, [p.request for p in sent], due, reports, progress)
        before, mine, start = server.usage(), time.process_time(), time.perf_counter()
        answers = run.run()
        seconds = time.perf_counter() - start
        used, mine = server.usage(), time.process_time() - mine
    except OSError as error:
        raise Failure(f"the load ended early: {error}\n{server.tail()}") from error
    finally:
        status = server.stop()
    if sys.stdout.isatty():
        print("\r" + " " * 60 + "\r", end="")
    if status:
        raise Failure(f"the server ended with status {status}:\n{server.tail()}")
    outcome = figures.Outcome(answers, sent)
    return outcome, {
        "server": server, "seconds": seconds, "reports": run.reports.answers,
        "repeated": sum(run.tries),
        "machine": {
            "name": processor(), "cores": os.cpu_count(), "memory": used.memory,
            "server_us": 1e6 * (used.processor - before.processor) / len(sent),
            "driver_share": mine / seconds,
            "stolen": (used.stolen - before.stolen) / seconds / os.cpu_count()}}


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown processor"


def judge(given, made, outcome, seen, scenarios):
    """All figures of the result, and the scores of each model alone, from the backfilled rows."""
    rows = dataset.read(made.training, made.simulation / "truth.csv",
                        first=dataset.TEST[0]).within(dataset.TEST)
    at = {number: index for index, number in enumerate(rows.numbers.tolist())}
    order = np.array([at[number] for number in outcome.numbers.tolist()])
    sessions = {"trees": Session(made.models, TREES),
                "deep": Session(made.models, DEEP)}
    features = rows.features[order]
    raw = sessions["trees"].scores(features)
    points = calibration(made.example / "pipeline.yaml")
    alone = {"deep alone": sessions["deep"].scores(features),
             "trees alone": np.interp(raw, *np.array(points).T)}
    decided = figures.decided(outcome)
    result = {
        "simulated": True, "seed": given.seed, "cards": given.customers,
        "load": {"offered": outcome.offered, "answered": len(outcome.decisions),
                 "statuses": {str(k): v for k, v in outcome.statuses.items()},
                 "errors": dict(outcome.errors.most_common()),
                 "repeated": seen["repeated"],
                 "seconds": seen["seconds"], "rate": outcome.offered / seen["seconds"],
                 "connections": driver.CONNECTIONS},
        "latency": figures.latency(outcome), "stages": figures.stages(outcome),
        "decided": decided, "caught": figures.caught(outcome),
        "ranking": figures.ranking(outcome, alone),
        "cost": figures.cost(decided, {name: cost.microseconds(session)
                                       for name, session in sessions.items()},
                             len(outcome.decisions)),
        "online": figures.same_as_offline(outcome, points, raw),
        "reports": reports(seen["reports"]),
        "records": seen["server"].check_records(outcome.decisions),
        "machine": seen["machine"],
    }
    result["checks"] = checks(result)
    return result


def calibration(pipeline):
    line = next(one for one in pipeline.read_text(encoding="utf-8").splitlines()
                if one.startswith("    calibration: {isotonic: "))
    return json.loads(line.split("isotonic: ")[1].split("]]")[0] + "]]")


def reports(answers):
    totals = {"accepted": 0, "duplicate": 0, "late": 0, "future": 0, "refused": 0, "failed": 0}
    for status, body in answers:
        if status != 200:
            totals["failed"] += 1
            continue
        found = json.loads(body)
        for name in totals:
            value = found.get(name, 0)
            totals[name] += len(value) if isinstance(value, list) else value
    return totals


def checks(result):
    load, made, records = result["load"], result["decided"], result["records"]
    online, told, lost = result["online"], result["reports"], result["ranking"]["points_lost"]
    refused = load["offered"] - load["answered"]
    codes = "".join(f", {code} {count:,}" for code, count in load["errors"].items())
    lag = result["latency"]["lag"][2]
    same = online["equal"] / max(online["compared"], 1)
    found = [
        (refused == 0, f"every payment was decided ({load['offered']:,}, {refused:,} not{codes}; "
         f"{load['repeated']:,} were sent again after a 503)"),
        (made["late"] <= 0.001 * load["answered"],
         f"at most one in a thousand came after its deadline, and said so ({made['late']})"),
        (records["missing"] == 0 and records["double"] == 0 and records["chain_holds"],
         f"each decision has one record ({records['records']:,}, {records['missing']} missing, "
         f"{records['double']} double): {records['verify']}"),
        (told["accepted"] > 0 and told["late"] + told["refused"] + told["failed"] == 0,
         f"every report of fraud was taken in ({told['accepted']:,})"),
        (same >= 0.99,
         f"{100 * same:.2f} % of the scores are those of the backfilled features (the others were "
         "asked while a payment or report before them was still under way)"),
        (result["cost"]["share"] <= 0.30,
         f"at most 30 % of the model time of heavy-only ({100 * result['cost']['share']:.1f} %)"),
        (abs(lost) <= 1, "area under the precision-recall curve within one point of heavy-only "
         f"({-lost:+.2f} points)"),
        (lag < 5000, f"the driver kept up (lag p99 {text.time_text(lag)})"),
    ]
    return [{"holds": bool(holds), "text": what} for holds, what in found]


def options():
    given = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    given.add_argument("--binary", type=pathlib.Path,
                       default=ROOT / ".build" / "release" / "needletail")
    given.add_argument("--folder", type=pathlib.Path, default=ROOT / ".needletail" / "demo")
    given.add_argument("--customers", type=int, default=10_000, help="cards (default: 10000)")
    given.add_argument("--rate", type=float, default=2000, help="payments a second")
    given.add_argument("--seconds", type=float, default=60)
    given.add_argument("--seed", type=int, default=1)
    given.add_argument("--threads", type=int, default=os.cpu_count(), help="of the training")
    given.add_argument("--port", type=int, default=0, help="of the server (default: a free one)")
    given.add_argument("--no-training", action="store_true",
                       help="take the models and thresholds of Examples")
    given.add_argument("--example-models", type=pathlib.Path, default=ROOT / "Examples" / "models")
    given.add_argument("--write-example", action="store_true",
                       help="only train, and put models and thresholds into Examples")
    return given.parse_args()


def write_example(made, folder):
    for name in (TREES, DEEP):
        shutil.copytree(made.models / name, folder / name, dirs_exist_ok=True)
    shutil.copy(made.example / "pipeline.yaml", EXAMPLE / "pipeline.yaml")
    say("written", f"{folder} and {EXAMPLE / 'pipeline.yaml'}")


def main():
    given = options()
    if not given.binary.exists():
        raise Failure(f"{given.binary} is not there: make server")
    say("seed", f"{given.seed}; all data is simulated")
    made = prepare(given)
    if given.write_example:
        return write_example(made, given.example_models)
    scenarios = dataset.scenarios(made.simulation / "truth.csv")
    outcome, seen = load(given, made, scenarios)
    result = judge(given, made, outcome, seen, scenarios)
    (given.folder / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    page.write(result, given.folder / "result.html")
    print("\n" + text.whole(result))
    say("\npage", str(given.folder / "result.html"))
    return 0 if all(check["holds"] for check in result["checks"]) else 3


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"demo: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
