"""Prints each figure beside its target, with a verdict, and collects them."""

import json

INTERFERENCE_MAX = 0.02


class Figures:
    def __init__(self):
        self.rows = []
        # For a page: each heading with its notes (text) and figures (rows), as they came.
        self.sections = []

    def heading(self, text):
        self.sections.append((text, []))
        print(f"\n{text}")

    def note(self, text):
        self.sections[-1][1].append(text)
        print(f"  {text}", flush=True)

    def judge(self, name, measured, unit, *, most=None, least=None, quiet=None, tail=False):
        """One figure. `most` or `least` is its target.

        `quiet` is (steal, others): the shares of the cores that other guests and other processes
        took. A tail or a rate under too much of either is not judged.
        """
        if measured is None:
            verdict, shown = "no data", "-"
        else:
            shown = f"{measured:,.2f}" if abs(measured) < 1000 else f"{measured:,.0f}"
            if most is None and least is None:
                verdict = ""
            elif tail and quiet is not None and max(quiet) > INTERFERENCE_MAX:
                verdict = "not judged"
            else:
                met = measured <= most if most is not None else measured >= least
                verdict = "met" if met else "MISSED"
        target = f"<= {most:,g}" if most is not None else f">= {least:,g}" if least else ""
        around = "" if quiet is None else f"steal {quiet[0]:5.1%} others {quiet[1]:5.1%}"
        print(f"  {name:<62}{target:>12} {shown:>10} {unit:<4}{verdict:<11}{around}", flush=True)
        row = {"figure": name, "target": target, "measured": measured, "shown": shown,
               "unit": unit, "verdict": verdict, "steal_and_others": quiet}  # fmt: skip
        self.rows.append(row)
        self.sections[-1][1].append(row)

    def finish(self, path=None):
        judged = [row for row in self.rows if row["verdict"]]
        missed = [row for row in judged if row["verdict"] in ("MISSED", "no data")]
        unjudged = [row for row in judged if row["verdict"].startswith("not judged")]
        print(
            f"\n{len(judged) - len(missed) - len(unjudged)} of {len(judged)} targets met, "
            f"{len(missed)} missed, {len(unjudged)} not judged (interference)"
        )
        for row in missed:
            print(f"  missed: {row['figure']}: {row['measured']} {row['unit']}, {row['target']}")
        if path:
            with open(path, "w") as file:
                json.dump(self.rows, file, indent=1)
        return not missed
