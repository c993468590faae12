"""The programs that `bm.simulate` and `bm.log_likelihood` are raced against, and the race itself.

Every opponent simulates the same task and returns the same four arrays: values, choice probabilities,
choices and prediction errors. `make bench` runs them all; the chapter *Loops versus JAX* shows their code.
"""

from . import task
from .c_kernel import c_kernel, why_no_c_kernel
from .launch import on_this_machine
from .numba_parallel import numba_parallel, why_no_numba
from .numpy_vectorised import numpy_vectorised
from .python_loop import python_loop
from .task import Task, agreement, choice_key, make_task
from .textbook_jax import textbook_jax, textbook_log_likelihood, uniforms_of_textbook
from .timing import Timing, first_and_later, stopwatch

__all__ = [
    "Task",
    "Timing",
    "agreement",
    "c_kernel",
    "choice_key",
    "first_and_later",
    "make_task",
    "numba_parallel",
    "numpy_vectorised",
    "on_this_machine",
    "python_loop",
    "stopwatch",
    "task",
    "textbook_jax",
    "textbook_log_likelihood",
    "uniforms_of_textbook",
    "why_no_c_kernel",
    "why_no_numba",
]
