"""Run all contests and print one table: `make bench`, or `python -m behavioural_benchmarks.race`."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax

from .contests import BY_TRIALS, CONTESTS, FITS, check_agreement, check_fits
from .timing import Timing, first_and_later

IMPORTS = "import jax, time; start = time.perf_counter(); import behavioural_modelling"
# One arena, since what a thread of its own has fetched is given back whenever it is free.
HUGE_PAGES = "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1"
COLUMNS = f"{'':24}{'first call':>12}{'later calls: median (range)':>32}{'times ours':>12}{'memory':>11}"
COLUMNS += "  device"


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, and do what it says."""
    parser = argparse.ArgumentParser(prog=f"python -m {__spec__.name}", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print a line of JSON per row instead of a table")
    parser.add_argument("--rounds", type=int, default=3, help="processes per entrant, in turns")
    parser.add_argument("--repeats", type=int, default=11, help="timed calls per process")
    parser.add_argument("--only", default="", help="only contests whose name contains this")
    parser.add_argument("--shrink", type=int, default=1, help="divide the numbers of subjects by this")
    parser.add_argument(
        "--huge-pages", action="store_true", help="on Linux, let JAX's arrays have large pages, as NumPy's do"
    )
    parser.add_argument("--entrant", nargs=2, help=argparse.SUPPRESS)  # what a process of its own runs
    options = parser.parse_args(arguments)
    if options.entrant:
        print(json.dumps(run_entrant(*options.entrant, options.repeats, options.shrink)))
        return 0
    say = (lambda *args: None) if options.json else (lambda *args: print(*args, flush=True))
    for name, share in check_agreement().items():
        say(f"{name:24}agrees with the loop in {share:.0%} of 100 subjects")
    chosen = {name: contest for name, contest in CONTESTS.items() if options.only in name}
    if any(entrants is FITS for _, entrants in chosen.values()):
        for name, share in check_fits().items():
            say(f"{name:24}finds the maximum of {share:.0%} of 20 subjects")
    say(f"import behavioural_modelling, after jax: {import_seconds(options.rounds):.2f} s")
    medians = {}
    for contest, (size, entrants) in chosen.items():
        n = max(1, size.n_subjects // options.shrink)
        say(f"\n{contest}: {n:,} x {size.n_trials:,} x {size.n_actions}\n{COLUMNS}")
        rows = run_contest(contest, entrants, options)
        for row in rows:
            print(json.dumps(row), flush=True) if options.json else say(as_text(row, rows))
        medians[contest] = rows[0].get("median")
    problem = growth_problem([medians.get(contest) for contest in BY_TRIALS])
    if problem:
        print(problem, file=sys.stderr)
    return 1 if problem else 0


def growth_problem(medians: list[float | None]) -> str:
    """What is wrong with the times of simulations of which each has ten times the trials of the last.

    Ten times the trials take ten times as long, or less. Time that is quadratic in them takes a hundred.
    """
    for few, many in itertools.pairwise(medians):
        if few and many and many > 30 * few:
            return f"Ten times the trials take {many / few:.0f} times as long: is the scan quadratic?"
    return ""


def run_contest(contest: str, entrants: dict, options: argparse.Namespace) -> list[dict[str, Any]]:
    """All entrants in turns, several rounds; a row each, on each kind of device."""
    gpu = ["gpu"] if jax.default_backend() == "gpu" else []
    runs = [(name, on) for name, e in entrants.items() for on in ["cpu", *(gpu if e.on_gpu else [])]]
    results = {run: [] for run in runs}
    for _ in range(options.rounds):
        for (name, on), rows in results.items():
            why_not = entrants[name].why_not()
            rows.append({"why_not": why_not} if why_not else in_a_process(contest, name, on, options))
    return [{"contest": contest, "entrant": name, **merged(rows)} for (name, _), rows in results.items()]


def merged(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """One row of several rounds: medians, and the range over all of them."""
    if "why_not" in rows[0]:
        return rows[0]
    middle = {name: statistics.median(row[name] for row in rows) for name in ("first", "median", "memory_mb")}
    ends = {"fastest": min(r["fastest"] for r in rows), "slowest": max(r["slowest"] for r in rows)}
    return {**rows[0], **middle, **ends}


def in_a_process(contest: str, name: str, on: str, options: argparse.Namespace) -> dict[str, Any]:
    """What `run_entrant` measures in a process of its own."""
    command = [sys.executable, "-m", __spec__.name, "--entrant", contest, name]
    command += ["--repeats", str(options.repeats), "--shrink", str(options.shrink)]
    environment = {**os.environ, **({"JAX_PLATFORMS": "cpu"} if on == "cpu" else {})}
    if options.huge_pages:
        environment["GLIBC_TUNABLES"] = HUGE_PAGES
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{contest}, {name}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def run_entrant(contest: str, name: str, repeats: int, shrink: int) -> dict[str, Any]:
    """Time one entrant here and now, in seconds and megabytes."""
    size, entrants = CONTESTS[contest]
    entrant = entrants[name]
    size = size._replace(n_subjects=max(1, size.n_subjects // shrink))
    if entrant.devices > 1:
        jax.config.update("jax_num_cpu_devices", entrant.devices)
    run = size._replace(n_subjects=min(size.n_subjects, entrant.most_subjects or size.n_subjects))
    call = entrant.prepare(run)
    before = peak_memory(anew=True)
    timing = first_and_later(call, repeats=min(repeats, entrant.most_repeats or repeats))
    scale = size.n_subjects / run.n_subjects
    # What the first call takes beyond a later one is compilation, which more subjects do not prolong.
    first = timing.first - timing.median + scale * timing.median
    device = jax.devices()[0]
    kind = "CPU" if device.platform == "cpu" else device.device_kind
    return {
        **Timing(first, *(scale * seconds for seconds in timing[1:]))._asdict(),
        "memory_mb": peak_memory() - before,
        "scaled_from": run.n_subjects if scale > 1 else None,
        "device": kind if entrant.devices == 1 else f"{entrant.devices} x {kind}",
    }


def peak_memory(*, anew: bool = False) -> float:
    """The most memory that this process has held, in megabytes; `anew`: what it holds now, to begin from.

    A GPU's own memory is not in it. Only Linux can begin anew; elsewhere it is the most of all.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) * 1024 / 1e6


def import_seconds(rounds: int) -> float:
    """How long `import behavioural_modelling` takes once JAX is there: the median of some processes."""
    command = [sys.executable, "-c", f"{IMPORTS}; print(time.perf_counter() - start)"]
    run = lambda: subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: E731
    return statistics.median(float(run().stdout) for _ in range(rounds))


def as_text(row: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """One line of the table. The ratio is to the first row, which is ours on the CPU."""
    if "why_not" in row:
        return f"{row['entrant']:24}left out: {row['why_not']}"
    ours = rows[0]["median"]
    digits = 1 if row["median"] > 0.01 else 2
    scale, unit = (1, "s") if row["median"] >= 10 else (1e3, "ms")
    median, *ends = (f"{scale * row[name]:,.{digits}f}" for name in ("median", "fastest", "slowest"))
    later = f"{median} {unit} ({' to '.join(ends)})"
    note = f", scaled up from {row['scaled_from']} subjects" if row["scaled_from"] else ""
    return (
        f"{row['entrant']:24}{row['first']:>10.2f} s{later:>32}{row['median'] / ours:>12,.2f}"
        f"{row['memory_mb']:>8,.0f} MB  {row['device']}{note}"
    )


if __name__ == "__main__":
    # SciPy solves systems of three equations; on a busy machine a second thread makes that ten times slower.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(main())
