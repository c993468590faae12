"""The programs that `bm.simulate`, `bm.log_likelihood` and `bm.fit` are raced against, and the race itself.

Every opponent of `bm.simulate` simulates the same task and returns the same four arrays: values, choice
probabilities, choices and prediction errors. Those of `bm.fit` fit the same subjects, and return a dict of
parameters and the maximised log-likelihoods. `make bench` runs them all; the chapter *Loops versus JAX*
shows the code of those that simulate.
"""

from . import task
from .c_kernel import c_kernel, why_no_c_kernel
from .fitting_agreement import compare_fits, compare_likelihoods
from .fitting_task import FittingTask, make_fitting_task
from .launch import on_this_machine
from .numba_parallel import numba_parallel, why_no_numba
from .numpy_vectorised import numpy_vectorised
from .optax_fit import optax_lbfgs, why_no_optax
from .python_loop import python_loop
from .scipy_fits import (
    numba_log_likelihood,
    numpy_log_likelihood,
    scipy_jax,
    scipy_numba,
    scipy_numpy,
    why_no_scipy,
)
from .task import Task, agreement, choice_key, make_task
from .textbook_jax import textbook_jax, textbook_log_likelihood, uniforms_of_textbook
from .timing import Timing, first_and_later, stopwatch

__all__ = [
    "FittingTask",
    "Task",
    "Timing",
    "agreement",
    "c_kernel",
    "choice_key",
    "compare_fits",
    "compare_likelihoods",
    "first_and_later",
    "make_fitting_task",
    "make_task",
    "numba_log_likelihood",
    "numba_parallel",
    "numpy_log_likelihood",
    "numpy_vectorised",
    "on_this_machine",
    "optax_lbfgs",
    "python_loop",
    "scipy_jax",
    "scipy_numba",
    "scipy_numpy",
    "stopwatch",
    "task",
    "textbook_jax",
    "textbook_log_likelihood",
    "uniforms_of_textbook",
    "why_no_c_kernel",
    "why_no_numba",
    "why_no_optax",
    "why_no_scipy",
]
