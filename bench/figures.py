#!/usr/bin/env python3
"""Measures the figures that Hansa promises and prints them beside their bars.

    bench/figures.py [--build DIR] [--markdown FILE] [ROW …]

Without rows: all of them. A row that cannot be measured is told and counts as missed. The exit
code is 0 when every bar holds, 1 otherwise.
"""
import argparse
import datetime
import os
import platform
import subprocess
import sys
import traceback

import rows_alone
import rows_mesh
from measure import Figure, Tools

ROWS = {  # in the order of the table
    "fresh": rows_alone.fresh,
    "again": rows_alone.again,
    "live": rows_alone.live,
    "prepare": rows_alone.prepare,
    "restore": rows_alone.restore,
    "c4": rows_alone.c4,
    "execs": rows_alone.execs8,
    "chain": rows_alone.chain,
    "arrive": rows_mesh.arrive,
    "peers": rows_mesh.peers,
    "clients": rows_mesh.clients,
    "rest": rows_mesh.rest,
    "version": rows_alone.version,
    "redraw": rows_mesh.redraw,
}
HEADINGS = ["what", "bar", "measured (median)", "floor / peer", "ratio", "verdict"]


def measure(names, tools):
    figures = []
    for name in names:
        print(f"… {name}", file=sys.stderr, flush=True)
        try:
            for figure in ROWS[name](tools):
                figures.append(figure)
        except Exception as error:  # one row that cannot be measured leaves the others
            traceback.print_exc()
            said = " ".join(str(error).split())[:120]
            figures.append(Figure(name, "–", "–", met=False, miss=f"not measured: {said}"))
    return figures


def cells(figure):
    return [figure.what, figure.bar, figure.measured, figure.floor, figure.ratio, figure.verdict]


def as_text(figures):
    rows = [HEADINGS] + [cells(figure) for figure in figures]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                     for row in rows)


def as_markdown(figures):
    rows = [HEADINGS, ["---"] * len(HEADINGS)] + [cells(figure) for figure in figures]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def machine():
    with open("/proc/meminfo", encoding="ascii") as file:
        kilobytes = int(file.readline().split()[1])
    compiler = subprocess.run(["c++", "--version"], capture_output=True, text=True, check=True)
    return (f"{os.cpu_count()} cores, {kilobytes / 2**20:.0f} GB memory, "
            f"Linux {platform.release().split('-')[0]}, {compiler.stdout.splitlines()[0]}")


PAGE = """# Figures

Measured by `tools/bench` on {date}: {machine}.

Every comparison is one of medians that were taken in turns within one run, since absolute times
of one machine drift by a quarter and more. Floors are the programs in `bench/floor/`: the same
work done by system calls, or by a bare gRPC client, and nothing else. Files are made on tmpfs.

{table}

{verdict}
"""


def verdict_of(figures):
    missed = sum(figure.met is False for figure in figures)
    judged = sum(figure.met is not None for figure in figures)
    return f"{judged - missed} of {judged} bars hold, {missed} missed."


def main():
    parser = argparse.ArgumentParser(description="measures the figures that Hansa promises")
    parser.add_argument("--build", default="build/release", help="where the programs are")
    parser.add_argument("--markdown", metavar="FILE", help="write the table there too")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=" ".join(ROWS))
    options = parser.parse_args()
    unknown = [name for name in options.rows if name not in ROWS]
    if unknown:
        parser.error(f"no row {unknown[0]}; there are: {' '.join(ROWS)}")
    figures = measure(options.rows or list(ROWS), Tools(options.build))
    print(as_text(figures))
    print(verdict_of(figures))
    if options.markdown:
        with open(options.markdown, "w", encoding="utf-8") as file:
            file.write(PAGE.format(date=datetime.date.today().isoformat(), machine=machine(),
                                   table=as_markdown(figures), verdict=verdict_of(figures)))
    return 1 if any(figure.met is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
