"""Programs that take longer to compile than to run."""

from __future__ import annotations

from functools import partial

import jax

__all__: list[str] = []

quick_jit = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 1})
"""`jax.jit` with the compiler's first level of optimisation in place of its third. The chains of `sample`
compile in four fifths of the time and run as fast."""

_KNOWS_EMITTERS = jax.__version__.startswith("0.10.")
_NO_EMITTERS = {"xla_cpu_use_fusion_emitters": False} if _KNOWS_EMITTERS else {}

quickest_jit = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 1} | _NO_EMITTERS)
"""For what runs a few milliseconds in all: two thirds of the time to compile, twice that to run. A version of
jaxlib that does not know an option refuses it."""
