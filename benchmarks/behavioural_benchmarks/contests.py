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
from .numba_parallel import numba_parallel, why_no_numba
from .numpy_vectorised import numpy_vectorised
from .python_loop import python_loop
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
    """

    prepare: Callable[[Size], Callable[[], Any]]
    why_not: Callable[[], str] = lambda: ""
    most_subjects: int | None = None
    devices: int = 1
    on_gpu: bool = False


def _host(program: Callable) -> Callable[[Size], Callable]:
    """A program on NumPy arrays."""
    return lambda size: partial(program, *make_task(*size))


def _textbook(size: Size) -> Callable:
    outcomes, *params, _ = make_task(*size)
    keys = jax.block_until_ready(subject_keys(choice_key(), size.n_subjects))
    return partial(textbook_jax, *map(jnp.asarray, (outcomes, *params)), keys)


def _simulate(size: Size, record=bm.Trace._fields, devices: int = 1) -> Callable:
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


OURSELVES = Entrant(_simulate, on_gpu=True)
GRADIENTS = {
    "bm.log_likelihood": Entrant(partial(_gradient, ours=True), on_gpu=True),
    "textbook JAX": Entrant(partial(_gradient, ours=False), on_gpu=True),
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
