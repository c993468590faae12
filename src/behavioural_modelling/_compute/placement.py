"""Where arrays are: known to Python or traced, on one device or spread over several."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.core import Tracer
from jax.sharding import AbstractMesh, Mesh, NamedSharding, PartitionSpec

__all__: list[str] = []

Axis = tuple[Mesh | AbstractMesh, Any]
"""A mesh of devices, and the name (or names) of its axis along which the subjects are spread."""

try:
    _shard_map = partial(jax.shard_map, check_vma=False)
except AttributeError:  # JAX before 0.6
    from jax.experimental.shard_map import shard_map

    _shard_map = partial(shard_map, check_rep=False)


class Plan(NamedTuple):
    """How a driver computes for many subjects; programs are compiled for it.

    Attributes:
        n_subjects: How many subjects there are.
        axis: Over which devices they are spread; None where they are not, or it is not known.
        laid_out: Whether the compiler is told how arrays lie: on a CPU, where each has all of a subject.
        in_blocks: Whether a simulation goes block by block: where besides nothing is traced. Inside a
            reader's jit, grad or vmap goes what JAX can transform as it likes.
    """

    n_subjects: int
    axis: Axis | None
    laid_out: bool
    in_blocks: bool


def plan(n_subjects: int, *arrays: Any) -> Plan:
    """The decision, from where the arrays are. Those whose first axis is `n_subjects` are a subject's own."""
    axis = _subject_axis([x for x in jax.tree.leaves(arrays) if _is_own(x, n_subjects)])
    spread_out = jax.default_backend() == "cpu" and axis is not None
    whole = has_one_cpu() and not is_traced(arrays)
    return Plan(n_subjects, axis, spread_out or _on_one_cpu(arrays), spread_out or whole)


def _is_own(x: Any, n_subjects: int) -> bool:
    return bool(x.ndim) and len(x) == n_subjects


def is_traced(*arrays: Any) -> bool:
    """Whether JAX is tracing any of the arrays."""
    return any(isinstance(x, Tracer) for x in jax.tree.leaves(arrays))


def has_one_cpu() -> bool:
    """Whether JAX computes on the CPU and has it as one device."""
    return jax.default_backend() == "cpu" and jax.device_count() == 1


def _on_one_cpu(*arrays: Any) -> bool:
    """Whether every array is known to be on the same CPU: there is no other device, or JAX can tell."""
    if jax.default_backend() != "cpu" or jax.device_count() == 1:
        return has_one_cpu()
    held = [x for x in jax.tree.leaves(arrays) if isinstance(x, jax.Array)]  # not what NumPy holds
    return not is_traced(held) and all(len(x.devices()) == 1 for x in held)


def _subject_axis(*arrays: Any) -> Axis | None:
    """Over which devices the first axis of the arrays is spread; None where it is not, or not known."""
    # A traced array has a sharding only if its mesh has explicit axes, and then of a mesh without devices.
    for x in sorted(jax.tree.leaves(arrays), key=is_traced):
        sharding = getattr(x.aval if is_traced(x) else x, "sharding", None)
        if isinstance(sharding, NamedSharding) and len(sharding.spec) and sharding.spec[0] is not None:
            return sharding.mesh, sharding.spec[0]
    return None


def spread(plan: Plan, *arguments: Any) -> tuple[Any, ...]:
    """The arguments, put where `over_subjects` wants them."""
    if plan.axis is None:
        return arguments
    mesh, _ = plan.axis

    def put(x):
        spec = _spec(plan, x)
        sharding = NamedSharding(mesh, spec)
        if is_traced(x) or not isinstance(mesh, Mesh):
            return jax.reshard(x, sharding) if _is_explicit(mesh) else x
        if sharding.is_fully_addressable or not getattr(x, "is_fully_addressable", True):
            return jax.device_put(x, sharding)
        # Several machines: what each of them has whole, as a parameter that all subjects share.
        whole = np.asarray(x) if len(spec) else None
        return x if whole is None else jax.make_array_from_callback(x.shape, sharding, whole.__getitem__)

    return jax.tree.map(put, arguments)


def over_subjects(function: Callable, plan: Plan) -> Callable:
    """`function`, run on each device for the subjects that are there.

    Of its arguments each device gets its own subjects' part, of what has no axis of subjects all. What it
    returns has the subjects on the first axis.
    """
    if plan.axis is None:
        return function
    mesh, name = plan.axis

    def call(*arguments):
        specs = jax.tree.map(partial(_spec, plan), arguments)
        return _shard_map(function, mesh=mesh, in_specs=specs, out_specs=PartitionSpec(name))(*arguments)

    return call


def _spec(plan: Plan, x: Any) -> PartitionSpec:
    return PartitionSpec(plan.axis[1]) if plan.axis and _is_own(x, plan.n_subjects) else PartitionSpec()


def _is_explicit(mesh: Mesh | AbstractMesh) -> bool:
    """Whether the types of arrays say how they are spread over the mesh; JAX before 0.6 has no such types."""
    kinds = getattr(mesh, "axis_types", None) or ()
    return any(getattr(kind, "name", "") == "Explicit" for kind in kinds)
