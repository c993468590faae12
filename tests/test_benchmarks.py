"""The opponents of the benchmarks do the same as the package, and the race prints what it measured."""

import json
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import reference

import behavioural_modelling as bm
from behavioural_benchmarks import (
    agreement,
    c_kernel,
    first_and_later,
    make_task,
    numba_parallel,
    numpy_vectorised,
    python_loop,
    race,
    stopwatch,
    textbook_jax,
    textbook_log_likelihood,
    uniforms_of_textbook,
    why_no_c_kernel,
    why_no_numba,
)
from behavioural_benchmarks.contests import CONTESTS, Size, check_agreement
from behavioural_benchmarks.race import as_text, growth_problem, main, merged
from behavioural_benchmarks.task import choice_key
from behavioural_modelling.utils import subject_keys

TASK = make_task(20, n_trials=40, n_actions=3)
OPPONENTS = {
    "numpy_vectorised": (numpy_vectorised, lambda: ""),
    "c_kernel": (c_kernel, why_no_c_kernel),
    "numba_parallel": (numba_parallel, why_no_numba),
}


def test_the_loop_is_right():
    values, choice_p, choices, errors = python_loop(*TASK)
    for s in range(5):
        one = reference.play(TASK.uniforms[s], TASK.outcomes, *(x[s] for x in TASK[1:4]))
        np.testing.assert_array_equal(choices[s], one[2])
        for ours, theirs in ((values, one[0]), (choice_p, one[1]), (errors, one[3])):
            # 40 trials, three roundings of numbers below 1 each; the softmax divides by at least .05.
            np.testing.assert_allclose(ours[s], theirs, rtol=0, atol=40 * 3 * 2.0**-24 / 0.05)


@pytest.mark.parametrize("name", OPPONENTS)
def test_opponent_agrees_with_the_loop(name):
    program, why_not = OPPONENTS[name]
    if why_not():
        pytest.skip(f"{name}: {why_not()}")
    assert agreement(program(*TASK), python_loop(*TASK)) > 0.9


def test_the_package_agrees_with_the_loop():
    trace = bm.simulate(choice_key(), bm.models.asymmetric_rescorla_wagner(3), TASK.params, TASK.outcomes)
    assert agreement(trace, python_loop(*TASK)) > 0.9


def test_the_textbook_agrees_with_the_loop():
    keys = subject_keys(jax.random.key(5), 20)
    task = TASK._replace(uniforms=np.asarray(uniforms_of_textbook(keys, 40)))
    assert agreement(textbook_jax(*TASK[:4], keys), python_loop(*task)) > 0.9


def test_the_likelihoods_agree():
    choices = np.random.default_rng(0).integers(0, 3, (20, 40))
    outcomes = np.broadcast_to(TASK.outcomes, (20, 40, 3))
    params = jax.tree.map(jnp.asarray, TASK.params)
    ours = bm.log_likelihood(bm.models.asymmetric_rescorla_wagner(3), params, bm.Trials(choices, outcomes))
    # Sums of 40 terms of up to 20, each right to some units.
    np.testing.assert_allclose(ours, textbook_log_likelihood(params, choices, outcomes), rtol=40 * 2.0**-24)


def test_disagreement_is_found():
    record = python_loop(*TASK)
    with pytest.raises(AssertionError, match="choices differ in 20 subjects"):
        agreement((*record[:2], 1 + record[2], record[3]), record)
    with pytest.raises(AssertionError, match="errors differ by 0.01"):
        agreement((*record[:3], record[3] + 0.01), record)
    one = record[2].copy()
    one[3, 5] += 1
    assert agreement((*record[:2], one, record[3]), record) == 0.95


def test_a_loop_that_never_learns_disagrees(monkeypatch):
    module = sys.modules["behavioural_benchmarks.python_loop"]
    never = lambda value, *rest: (value, np.zeros_like(value))  # noqa: E731
    monkeypatch.setattr(module, "update", never)
    with pytest.raises(AssertionError):
        agreement(python_loop(*TASK), numpy_vectorised(*TASK))


@pytest.mark.parametrize("contest", CONTESTS)
def test_every_entrant_runs(contest):
    size, entrants = CONTESTS[contest]
    for name, entrant in entrants.items():
        if not entrant.why_not() and entrant.devices == 1:
            call = entrant.prepare(Size(3, min(size.n_trials, 20), size.n_actions))
            assert all(np.isfinite(x).all() for x in jax.tree.leaves(call())), name


def test_all_agree_before_they_are_timed():
    shares = check_agreement()
    assert min(shares.values()) >= 0.99 and {"bm.simulate", "textbook JAX"} <= set(shares)


def test_the_stopwatch_waits_and_keeps_the_first_call_apart():
    class Later:
        def block_until_ready(self):
            waited.append(len(waited))
            return self

    waited = []
    assert stopwatch(Later) >= 0
    timing = first_and_later(Later, repeats=4)
    assert len(waited) == 6
    assert timing.fastest <= timing.median <= timing.slowest


ROW = {"first": 1.0, "median": 0.02, "fastest": 0.01, "slowest": 0.03, "memory_mb": 60.0}
ROW |= {"scaled_from": None, "device": "CPU"}


def test_rounds_are_merged():
    other = ROW | {"median": 0.04, "fastest": 0.005, "slowest": 0.2, "first": 3.0}
    assert merged([ROW, other, ROW]) == ROW | {"fastest": 0.005, "slowest": 0.2}
    assert merged([{"why_not": "no"}] * 3) == {"why_not": "no"}


def test_a_row_of_the_table():
    ours = {"entrant": "bm.simulate"} | ROW
    line = as_text({"entrant": "slow", **ROW, "median": 0.05}, [ours])
    assert "slow" in line and "50.0 ms (10.0 to 30.0)" in line and " 2.50 " in line and "60 MB" in line
    assert "left out: no compiler" in as_text({"entrant": "C", "why_not": "no compiler"}, [ours])


@pytest.mark.slow
def test_the_race_prints_a_table(capsys):
    options = ["--rounds", "1", "--repeats", "2", "--only", "few subjects", "--shrink", "10"]
    assert main(options) == 0
    table = capsys.readouterr().out
    assert "agrees with the loop in 100%" in table and "import behavioural_modelling" in table
    rows = [line for line in table.splitlines() if " ms (" in line]
    assert [row.split("  ")[0] for row in rows] == ["bm.log_likelihood", "textbook JAX"]
    assert "4 x 200 x 5" in table and all("MB" in row and "CPU" in row for row in rows)


def test_the_race_prints_lines_of_json(capsys, monkeypatch):
    asked = []
    monkeypatch.setattr(race, "check_agreement", dict)
    monkeypatch.setattr(race, "import_seconds", lambda rounds: 0.1)
    monkeypatch.setattr(race, "in_a_process", lambda *about: asked.append(about[:3]) or ROW)
    assert main(["--json", "--rounds", "2", "--only", "few subjects"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = ["bm.log_likelihood", "textbook JAX"]
    assert [row["entrant"] for row in rows] == names and rows[0]["median"] == ROW["median"]
    # In turns, so that a slow minute of the machine hits all of them.
    assert [name for _, name, on in asked if on == "cpu"] == names * 2


def test_a_quadratic_scan_is_found():
    assert growth_problem([0.001, 0.002, 0.009, 0.08]) == ""
    assert growth_problem([None, 0.002, None, 0.08]) == ""
    assert "50 times as long" in growth_problem([0.001, 0.002, 0.1, 0.2])


def test_an_unknown_option_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--no-such-option"])
    assert "unrecognized" in capsys.readouterr().err
