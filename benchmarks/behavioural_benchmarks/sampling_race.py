"""Run all samplers and print a table: `make bench`, or `python -m behavioural_benchmarks.sampling_race`.

Every row is the median of some rounds, each in a process of its own, in turns. "to 1,000" are the seconds
without compilation, warm-up and what is fitted before included, until each parameter of the group and of all
subjects has a bulk effective sample size of 1,000. Programs that do not stop by themselves draw a number of
draws that comes near it, and all their seconds, the warm-up's too, are divided by the thousands they reached.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from typing import Any

from .posterior_summary import check_same_posterior, diagnosed
from .sampling_entrants import ENTRANTS, entrants_of

COLUMNS = f"{'':30}{'compile':>9}{'sampling':>10}{'smallest ESS':>14}{'to 1,000 (range)':>26}"
COLUMNS += f"{'times ours':>12}{'with compiling':>16}{'r-hat':>8}{'divergent':>11}"
WANTED = 1000
LARGEST_R_HAT = 1.01


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, and do what it says."""
    parser = argparse.ArgumentParser(prog=f"python -m {__spec__.name}", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print a line of JSON per row instead of a table")
    parser.add_argument("--rounds", type=int, default=3, help="processes per entrant, in turns")
    parser.add_argument("--only", default="bandit", help="the tasks, with commas between them, or all")
    parser.add_argument("--without", default="", help="no entrants whose name contains this")
    parser.add_argument("--entrant", nargs=3, help=argparse.SUPPRESS)  # what a process of its own runs
    options = parser.parse_args(arguments)
    if options.entrant:
        setting, name, seed = options.entrant
        print(json.dumps(run_entrant(setting, name, int(seed))))
        return 0
    for setting in ENTRANTS if options.only == "all" else options.only.split(","):
        run_setting(setting, options)
    return 0


def run_setting(setting: str, options: argparse.Namespace) -> None:
    """One task: all entrants in turns, several rounds; whether they agree; then a row each."""
    say = (lambda *args: None) if options.json else (lambda *args: print(*args, flush=True))
    chosen = {
        name: entrant
        for name, entrant in entrants_of(setting).items()
        if not (options.without and options.without in name)
    }
    left_out = {name: entrant.why_not() for name, entrant in chosen.items() if entrant.why_not()}
    results = {name: [] for name in chosen if name not in left_out}
    for seed in range(options.rounds):
        for name, rows in results.items():
            rows.append(in_a_process(setting, name, seed))
    say(f"\n{setting}")
    for name, spread in check_same_posterior(results).items():
        say(f"{name:30}has the same posterior means: z-scores with a root mean square of {spread:.2f}")
    say(COLUMNS)
    merged_rows = [{"setting": setting, "entrant": name, **merged(rows)} for name, rows in results.items()]
    for row in merged_rows:
        print(json.dumps(row), flush=True) if options.json else say(as_text(row, merged_rows[0]))
    for name, problem in left_out.items():
        say(f"{name:30}left out: {problem}")


def in_a_process(setting: str, name: str, seed: int) -> dict[str, Any]:
    """What `run_entrant` measures in a process of its own, with nothing compiled before."""
    command = [sys.executable, "-m", __spec__.name, "--entrant", setting, name, str(seed)]
    environment = {k: v for k, v in os.environ.items() if k != "JAX_COMPILATION_CACHE_DIR"}
    done = subprocess.run(command, env=environment | {"JAX_PLATFORMS": "cpu"}, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{setting}, {name}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def run_entrant(setting: str, name: str, seed: int) -> dict[str, Any]:
    """Time one entrant here and now, in seconds, and look at its draws afterwards."""
    entrant = entrants_of(setting)[name]
    run = entrant.run(setting, seed)
    said = diagnosed(run.draws)
    reached = 1.0 if entrant.stops and said["ess"] >= WANTED else said["ess"] / WANTED
    seconds = {"compile": run.compiling, "sampling": run.sampling, "to_1000": run.sampling / reached}
    return seconds | {"n_divergent": run.n_divergent, "stops": entrant.stops} | said


def merged(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """One row of several rounds: medians, the range of what counts, and the worst of what must hold."""
    middle = {k: statistics.median(row[k] for row in rows) for k in ("compile", "sampling", "ess", "to_1000")}
    ends = {"fastest": min(r["to_1000"] for r in rows), "slowest": max(r["to_1000"] for r in rows)}
    worst = {name: max(row[name] for row in rows) for name in ("r_hat", "n_divergent")}
    worst["smallest_ess"] = min(row["ess"] for row in rows)
    return middle | ends | worst | {"stops": rows[0]["stops"]}


def as_text(row: dict[str, Any], ours: dict[str, Any]) -> str:
    """One line of the table. The ratios are to the first row, which is ours."""
    both, our_both = (r["compile"] + r["to_1000"] for r in (row, ours))
    to_1000 = f"{row['to_1000']:.2f} ({row['fastest']:.2f} to {row['slowest']:.2f})"
    bad = " r-hat is too large" if row["r_hat"] > LARGEST_R_HAT else ""
    bad += " it stopped too early" if row["stops"] and row["smallest_ess"] < WANTED else ""
    return (
        f"{row['entrant']:30}{row['compile']:>9.2f}{row['sampling']:>10.2f}{row['ess']:>14,.0f}{to_1000:>26}"
        f"{row['to_1000'] / ours['to_1000']:>12.1f}{both / our_both:>16.1f}{row['r_hat']:>8.3f}"
        f"{row['n_divergent']:>11}{bad}"
    )


if __name__ == "__main__":
    sys.exit(main())
