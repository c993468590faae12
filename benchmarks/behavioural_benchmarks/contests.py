"""What is raced: each entry prepares a program and its input, and is then called again and again.

Every entrant runs in a process of its own, so its first call is a first call, and the peak of its memory
and what the memory allocator has kept from earlier calls are its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import behavioural_modelling as bm
from behavioural_modelling.utils import subject_keys

from .c_kernel import c_kernel, why_no_c_kernel
from .fitting_agreement import compare_fits, compare_likelihoods
from .fitting_task import make_fitting_task
from .numba_parallel import numba_parallel, why_no_numba
from .numpy_vectorised import numpy_vectorised
from .optax_fit import optax_lbfgs, why_no_optax
from .python_loop import python_loop
from .scipy_fits import scipy_jax, scipy_numba, scipy_numpy, why_no_scipy
from .task import agreement, choice_key, make_task
from .textbook_jax import textbook_jax, textbook_log_likelihood, uniforms_of_textbook

OURS = "bm.simulate"
LOOP_SUBJECTS = 50
"""The loop runs this many subjects; its time is scaled up, since it does one subject after the other."""


class Size(NamedTuple):
    """How large a contest is."""

    n_subjects: int
    n_trials: int = 100
    n_actions: int = 5


class Entrant(NamedTuple):
    """One program in one contest.

    Attributes:
        prepare: Function of the `Size` that gives the call to time, with its input bound to it.
        why_not: Function that says why the program cannot run here; nothing if it can.
        most_subjects: Run no more than these, and scale the time up.
        devices: On how many CPU devices.
        on_gpu: Whether it runs on a GPU as well, where there is one.
        most_repeats: Time no more later calls than these.
    """

    prepare: Callable[[Size], Callable[[], Any]]
    why_not: Callable[[], str] = lambda: ""
    most_subjects: int | None = None
    devices: int = 1
    on_gpu: bool = False
    most_repeats: int | None = None


def _host(program: Callable) -> Callable[[Size], Callable]:
    """A program on NumPy arrays."""
    return lambda size: partial(program, *make_task(*size))


def _textbook(size: Size) -> Callable:
    outcomes, *params, _ = make_task(*size)
    keys = jax.block_until_ready(subject_keys(choice_key(), size.n_subjects))
    return partial(textbook_jax, *map(jnp.asarray, (outcomes, *params)), keys)


def _simulate(size: Size, record=None, devices: int = 1) -> Callable:
    task = make_task(*size)
    model = bm.models.asymmetric_rescorla_wagner(size.n_actions)
    params = {name: jnp.asarray(x) for name, x in task.params.items()}
    if devices > 1:  # as `race` has set them up
        mesh = jax.sharding.Mesh(np.array(jax.devices()), ("subjects",))
        spread = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("subjects"))
        params = jax.device_put(params, spread)
    outcomes = jnp.asarray(task.outcomes)
    return lambda: bm.simulate(choice_key(), model, params, outcomes, record=record)


def _gradient(size: Size, ours: bool) -> Callable:
    """The gradient of the summed log-likelihood by every subject's parameters."""
    task = make_task(*size)
    model = bm.models.asymmetric_rescorla_wagner(size.n_actions)
    params = {name: jnp.asarray(x) for name, x in task.params.items()}
    rng = np.random.default_rng(1)
    outcomes = jnp.asarray(rng.integers(0, 2, size).astype(np.float32))
    choices = bm.simulate(choice_key(), model, params, outcomes, record="choices").choices
    program = partial(bm.log_likelihood, model) if ours else textbook_log_likelihood
    data = (lambda *arrays: (bm.Trials(*arrays),)) if ours else (lambda *arrays: arrays)

    @jax.jit
    def gradient(params, choices, outcomes):
        return jax.grad(lambda params: program(params, *data(choices, outcomes)).sum())(params)

    return partial(gradient, params, choices, outcomes)


def _fit(size: Size, n_starts: int = 8) -> Callable:
    task = make_fitting_task(*size)
    model, trials = bm.models.asymmetric_rescorla_wagner(size.n_actions), bm.Trials(*task[:2])

    def fit():
        found = bm.fit(jax.random.key(4), model, trials, priors=None, n_starts=n_starts)
        return found.params, found.log_likelihood

    return fit


def _fit_by(program: Callable) -> Callable[[Size], Callable]:
    """An opponent of `bm.fit`."""
    return lambda size, n_starts=8: partial(program, *make_fitting_task(*size, n_starts))


OURSELVES = Entrant(_simulate, on_gpu=True)
GRADIENTS = {
    "bm.log_likelihood": Entrant(partial(_gradient, ours=True), on_gpu=True),
    "textbook JAX": Entrant(partial(_gradient, ours=False), on_gpu=True),
}
OUR_FIT = Entrant(_fit, on_gpu=True, most_repeats=5)
FITS = {
    "bm.fit": OUR_FIT,
    "SciPy on a NumPy loop": Entrant(_fit_by(scipy_numpy), why_no_scipy, most_subjects=2, most_repeats=2),
    "SciPy on Numba": Entrant(
        _fit_by(scipy_numba), lambda: why_no_scipy() or why_no_numba(), most_subjects=40, most_repeats=3
    ),
    "SciPy on textbook JAX": Entrant(_fit_by(scipy_jax), why_no_scipy, most_subjects=20, most_repeats=3),
    # All of its subjects wait for the slowest; scaled up, they come in groups of 40, which is faster.
    "optax.lbfgs": Entrant(_fit_by(optax_lbfgs), why_no_optax, most_subjects=40, on_gpu=True, most_repeats=3),
}
BY_TRIALS = {f"simulate, {n:,} trials": Size(4, n) for n in (100, 1_000, 10_000, 100_000)}
"""A scan that stacks its outputs must not take time quadratic in the number of trials."""
CONTESTS: dict[str, tuple[Size, dict[str, Entrant]]] = {
    "simulate, all outputs": (
        Size(10_000),
        {
            OURS: OURSELVES,
            "bm.simulate, 2 devices": Entrant(partial(_simulate, devices=2), devices=2),
            "bm.simulate, choices": Entrant(partial(_simulate, record=("choices",)), on_gpu=True),
            "C, OpenMP": Entrant(_host(c_kernel), why_no_c_kernel),
            "Numba, parallel": Entrant(_host(numba_parallel), why_no_numba),
            "textbook JAX": Entrant(_textbook, on_gpu=True),
            "NumPy over subjects": Entrant(_host(numpy_vectorised)),
            "Python loop": Entrant(_host(python_loop), most_subjects=LOOP_SUBJECTS),
        },
    ),
    "simulate, ten times the subjects": (
        Size(100_000),
        {
            OURS: OURSELVES,
            "bm.simulate, 2 devices": Entrant(partial(_simulate, devices=2), devices=2),
            "C, OpenMP": Entrant(_host(c_kernel), why_no_c_kernel),
        },
    ),
    "gradient of the log-likelihood": (Size(1_000, 200), GRADIENTS),
    "gradient, few subjects": (Size(40, 200), GRADIENTS),
    "fit, 40 subjects": (Size(40, 200), FITS),
    "fit, 1,000 subjects": (Size(1_000, 200), FITS),
    "fit, 10,000 subjects": (Size(10_000, 200), {"bm.fit": OUR_FIT}),
    **{name: (size, {OURS: OURSELVES}) for name, size in BY_TRIALS.items()},
}


def check_agreement() -> dict[str, float]:
    """Every program against the loop on the same random numbers: the share of subjects that are the same.

    Raises:
        AssertionError: If one does something else than the loop.
    """
    task = make_task(100)
    keys = subject_keys(choice_key(), 100)
    for_textbook = task._replace(uniforms=np.asarray(uniforms_of_textbook(keys, 100)))
    reference, textbook_reference = python_loop(*task), python_loop(*for_textbook)
    assert np.abs(reference[0][:, -1] - 0.5).mean() > 0.1, "the loop does not learn"
    ours = bm.simulate(
        choice_key(), bm.models.asymmetric_rescorla_wagner(5), task.params, jnp.asarray(task.outcomes)
    )
    records = {
        OURS: (ours, reference),
        "textbook JAX": (textbook_jax(*task[:-1], keys), textbook_reference),
        "NumPy over subjects": (numpy_vectorised(*task), reference),
    }
    for name, why_not, program in (
        ("C, OpenMP", why_no_c_kernel, c_kernel),
        ("Numba, parallel", why_no_numba, numba_parallel),
    ):
        if not why_not():
            records[name] = (program(*task), reference)
    shares = {name: agreement(*pair) for name, pair in records.items()}
    _check_gradients()
    return shares


def _check_gradients() -> None:
    """The same slopes, to a few times the rounding of sums of 200 terms in 32 bits."""
    ours, textbook = (_gradient(Size(40, 200), ours)() for ours in (True, False))
    for name, slope in ours.items():
        scale = np.abs(textbook[name]).max()
        assert np.abs(slope - textbook[name]).max() < 1e-4 * scale, f"slopes by {name} differ"


def check_fits(n_subjects: int = 20, n_starts: int = 8) -> dict[str, float]:
    """Every fit of the same subjects: the share of them for whom it finds the best that any has found.

    Raises:
        AssertionError: If the likelihoods differ, or `bm.fit` is worse than another for any subject.
    """
    size = Size(n_subjects, n_trials=200)
    task = make_fitting_task(*size, n_starts)
    compare_likelihoods(task)
    fits = {name: e.prepare(size, n_starts)() for name, e in FITS.items() if not e.why_not()}
    return compare_fits(fits, "bm.fit", task)
