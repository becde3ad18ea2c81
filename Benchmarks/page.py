"""Writes the figures of one run as a page of tables, with the machine and the commit."""

import datetime
import os
import pathlib
import platform
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]
MARK = "<!-- Written by the benchmark from here on. -->"


def processor():
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip()


def commit():
    """The commit, and whether what was measured differs from it."""
    name = git("rev-parse", "--short", "HEAD") or "unknown"
    changed = git("status", "--porcelain", "--", "Sources", "Package.swift", "Benchmarks")
    return name + (" with changes" if changed else "")


def measured():
    """When, what and where, in a sentence."""
    return (
        f"{datetime.date.today()}, commit {commit()}: {os.cpu_count()} cores of {processor()}, "
        f"{platform.system()} {platform.release()}."
    )


def tables(figures):
    """Lines: a table a heading, its notes below."""
    lines = []
    for heading, entries in figures.sections:
        lines += ["", f"## {heading}", ""]
        rows = [entry for entry in entries if not isinstance(entry, str)]
        if rows:
            lines += ["| figure | target | measured | verdict | steal, others |",
                      "| --- | --- | --- | --- | --- |"]  # fmt: skip
        for row in rows:
            quiet = row["steal_and_others"]
            around = "" if quiet is None else f"{quiet[0]:.1%}, {quiet[1]:.1%}"
            verdict = f"**{row['verdict']}**" if row["verdict"] == "MISSED" else row["verdict"]
            lines.append(f"| {row['figure']} | {row['target']} | {row['shown']} {row['unit']} | "
                         f"{verdict} | {around} |")  # fmt: skip
        notes = [f"- {entry}" for entry in entries if isinstance(entry, str)]
        if rows and notes:
            lines.append("")
        lines += notes
    return lines


def write(figures, path):
    lines = [
        "# The benchmark suite, as last run",
        "",
        f"Written by `make bench` on {measured()} Server on core 1, load on core 0.",
        "What the figures mean, and what was learnt from them: [serving.md](serving.md).",
    ]
    pathlib.Path(path).write_text("\n".join(lines + tables(figures)) + "\n")


def insert(figures, path):
    """Puts the tables at the end of a page that people wrote, in place of those behind its mark."""
    path = pathlib.Path(path)
    text = path.read_text() if path.exists() else f"# {path.stem.capitalize()}\n"
    kept = text.split(MARK)[0].rstrip()
    lines = [kept, "", MARK, "", f"Measured on {measured()}", *tables(figures)]
    path.write_text("\n".join(lines) + "\n")
