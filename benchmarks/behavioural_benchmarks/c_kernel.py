"""The loop in C with OpenMP, compiled for this machine when it is first called."""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

SOURCE = Path(__file__).with_name("kernel.c")
FLAGS = ("-O3", "-march=native", "-ffast-math", "-fopenmp", "-shared", "-fPIC")


@cache
def why_no_c_kernel() -> str:
    """Why the opponent cannot run here; nothing if it can."""
    try:
        _library()
    except (OSError, subprocess.CalledProcessError) as problem:
        detail = getattr(problem, "stderr", None) or str(problem)
        return f"no compiler that knows OpenMP ({detail.strip().splitlines()[0]})"
    return ""


@cache
def _library() -> ctypes.CDLL:
    """The compiled kernel. The compiler is `cc`, or what the environment variable CC says."""
    compiler = shlex.split(os.environ.get("CC", "cc"))
    if not shutil.which(compiler[0]):
        raise OSError(f"{compiler[0]} is not there")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "kernel.so"
        command = [*compiler, *FLAGS, str(SOURCE), "-o", str(library), "-lm"]
        subprocess.run(command, check=True, capture_output=True, text=True)
        return ctypes.CDLL(str(library))


def c_kernel(outcomes, alpha_p, alpha_n, temperature, uniforms):
    (n_subjects, n_trials), n_actions = uniforms.shape, outcomes.shape[1]
    if n_actions > 64:
        raise ValueError(f"n_actions: expected at most 64, got {n_actions}")
    values, choice_p, errors = (np.empty((n_subjects, n_trials, n_actions), np.float32) for _ in range(3))
    choices = np.empty((n_subjects, n_trials), dtype=np.int32)
    inputs = (outcomes, alpha_p, alpha_n, temperature, uniforms)
    inputs = [np.ascontiguousarray(x, np.float32) for x in inputs]
    arrays = [x.ctypes.data_as(ctypes.c_void_p) for x in (*inputs, values, choice_p, choices, errors)]
    _library().simulate(n_subjects, n_trials, n_actions, *arrays)
    return values, choice_p, choices, errors
