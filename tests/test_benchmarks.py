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
    compare_fits,
    compare_likelihoods,
    first_and_later,
    fitting_agreement,
    make_fitting_task,
    make_task,
    numba_log_likelihood,
    numba_parallel,
    numpy_log_likelihood,
    numpy_vectorised,
    optax_lbfgs,
    python_loop,
    race,
    scipy_jax,
    scipy_numba,
    scipy_numpy,
    stopwatch,
    textbook_jax,
    textbook_log_likelihood,
    uniforms_of_textbook,
    why_no_c_kernel,
    why_no_numba,
    why_no_optax,
    why_no_scipy,
)
from behavioural_benchmarks.contests import CONTESTS, FITS, Size, check_agreement, check_fits
from behavioural_benchmarks.race import as_text, growth_problem, main, merged, run_entrant
from behavioural_benchmarks.task import choice_key
from behavioural_modelling.utils import subject_keys

TASK = make_task(20, n_trials=40, n_actions=3)
OPPONENTS = {
    "numpy_vectorised": (numpy_vectorised, lambda: ""),
    "c_kernel": (c_kernel, why_no_c_kernel),
    "numba_parallel": (numba_parallel, why_no_numba),
}
FITTING_TASK = make_fitting_task(2, n_starts=2)
FITTERS = {
    "scipy_numpy": (scipy_numpy, why_no_scipy),
    "scipy_numba": (scipy_numba, lambda: why_no_scipy() or why_no_numba()),
    "scipy_jax": (scipy_jax, why_no_scipy),
    "optax_lbfgs": (optax_lbfgs, why_no_optax),
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


# Those that fit run in `test_all_find_the_maximum_before_they_are_timed`.
@pytest.mark.parametrize("contest", [name for name in CONTESTS if not name.startswith("fit")])
def test_every_entrant_runs(contest):
    size, entrants = CONTESTS[contest]
    for name, entrant in entrants.items():
        if not entrant.why_not() and entrant.devices == 1:
            call = entrant.prepare(Size(3, min(size.n_trials, 20), size.n_actions))
            assert all(np.isfinite(x).all() for x in jax.tree.leaves(call())), name


def test_all_agree_before_they_are_timed():
    shares = check_agreement()
    assert min(shares.values()) >= 0.99 and {"bm.simulate", "textbook JAX"} <= set(shares)


def test_the_subjects_to_fit_are_the_first_of_more():
    more = make_fitting_task(5, n_starts=2)
    for few, many in zip(FITTING_TASK, more, strict=True):
        np.testing.assert_array_equal(few, many[:2])
    assert [x.shape for x in more] == [(5, 200), (5, 200, 5), (5, 2, 3)]
    assert set(np.unique(more.outcomes)) == {0, 1}


@pytest.mark.parametrize("temperature", [0.01, 0.3, 20.0])
@pytest.mark.parametrize("alphas", [(0.0, 1.0), (0.3, 0.6)])
def test_likelihoods_of_the_opponents_that_fit(alphas, temperature):
    choices, outcomes = FITTING_TASK.choices[0], FITTING_TASK.outcomes[0].astype(float)
    params = np.array([*alphas, temperature])
    expected = reference.log_likelihood(choices, outcomes, *params)
    programs = [numpy_log_likelihood] if why_no_numba() else [numpy_log_likelihood, numba_log_likelihood()]
    for program in programs:
        # Sums of 200 terms of up to 1 / temperature, in 64 bits.
        np.testing.assert_allclose(
            program(params, choices, outcomes), expected, rtol=200 * 2.0**-52, atol=1e-11
        )


@pytest.fixture(scope="module")
def best_on_a_grid():
    """The highest log-likelihood of each subject at 41 values of each parameter."""
    alphas, temperatures = np.linspace(0, 1, 41), np.geomspace(0.2, 0.6, 41)
    grid = np.meshgrid(alphas, alphas, temperatures)
    params = {name: x.ravel() for name, x in zip(TASK.params, grid, strict=True)}
    model, best = bm.models.asymmetric_rescorla_wagner(5), []
    for choices, outcomes in zip(*FITTING_TASK[:2], strict=True):
        trials = bm.Trials(np.broadcast_to(choices, (41**3, 200)), outcomes)
        best.append(bm.log_likelihood(model, params, trials).max())
    return np.array(best)


@pytest.mark.parametrize("name", FITTERS)
def test_opponent_finds_the_maximum(name, best_on_a_grid):
    program, why_not = FITTERS[name]
    if why_not():
        pytest.skip(f"{name}: {why_not()}")
    params, found = program(*FITTING_TASK)
    assert all(x.shape == (2,) for x in (*params.values(), found))
    # In 32 bits sums of 200 terms are right to 1e-3. The maximum is half a step of the grid away at most, in
    # each parameter: a quarter of a standard error or less, so it is higher by up to 3 / 2 / 4**2.
    assert ((best_on_a_grid - 1e-3 < found) & (found < best_on_a_grid + 0.094)).all()
    compare_fits({name: (params, found)}, name, FITTING_TASK)


def test_all_find_the_maximum_before_they_are_timed():
    shares = check_fits(n_subjects=2, n_starts=2)
    assert shares["bm.fit"] == 1 and {name for name in FITS if not FITS[name].why_not()} == set(shares)


def test_a_worse_fit_is_found(monkeypatch):
    low, high = ({"alpha_p": [0.2, a], "alpha_n": [0.5, 0.5], "temperature": [0.3, 0.3]} for a in (0.2, 0.9))
    fits = {str(i): (p, fitting_agreement.by_the_loop(p, FITTING_TASK)) for i, p in enumerate((low, high))}
    worse, better = sorted(fits, key=lambda name: fits[name][1][1])
    assert compare_fits(fits, better, FITTING_TASK) == {better: 1.0, worse: 0.5}
    with pytest.raises(AssertionError, match=f"{worse} misses the maximum of subject 1 by"):
        compare_fits(fits, worse, FITTING_TASK)
    with pytest.raises(AssertionError, match="liar reports a log-likelihood of subject 0 that is off by 1"):
        compare_fits({"liar": (low, fits["0"][1] + [1, 0])}, "liar", FITTING_TASK)
    monkeypatch.setattr(fitting_agreement, "textbook_log_likelihood", lambda *arguments: np.float32(-300))
    with pytest.raises(AssertionError, match="textbook JAX differs"):
        compare_likelihoods(FITTING_TASK)


def test_a_slow_opponent_is_scaled_up_and_called_less_often(monkeypatch):
    calls = []
    slow = FITS["SciPy on a NumPy loop"]._replace(prepare=lambda size: lambda: calls.append(size))
    monkeypatch.setitem(CONTESTS, "fit, slow", (Size(100, 200), {"slow": slow}))
    row = run_entrant("fit, slow", "slow", repeats=11, shrink=10)
    assert calls == [Size(2, 200)] * 3 and row["scaled_from"] == 2


def test_the_race_of_the_fits_prints_a_table(capsys, monkeypatch):
    shares = {"bm.fit": 1.0, "optax.lbfgs": 0.95}
    for name, stub in (("check_agreement", dict), ("check_fits", lambda: shares)):
        monkeypatch.setattr(race, name, stub)
    monkeypatch.setattr(race, "import_seconds", lambda rounds: 0.1)
    slow = ROW | {"median": 1234.5, "scaled_from": 2}
    rows = lambda contest, name, *rest: slow if name.startswith("SciPy") else ROW  # noqa: E731
    monkeypatch.setattr(race, "in_a_process", rows)
    assert main(["--rounds", "1", "--only", "fit, 1,000", "--shrink", "10"]) == 0
    table = capsys.readouterr().out
    assert "optax.lbfgs             finds the maximum of 95% of 20 subjects" in table
    assert "fit, 1,000 subjects: 100 x 200 x 5" in table and "bm.fit" in table
    assert "1,234.5 s (" in table and "scaled up from 2 subjects" in table or why_no_scipy()


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
