"""Where arrays are: known to Python or traced, on one device or spread over several."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np
from jax.sharding import AbstractMesh, Mesh, NamedSharding, PartitionSpec

__all__: list[str] = []

Axis = tuple[Mesh | AbstractMesh, Any]
"""A mesh of devices, and the name (or names) of its axis along which the subjects are spread."""

try:
    _shard_map = partial(jax.shard_map, check_vma=False)
except AttributeError:  # JAX before 0.6
    from jax.experimental.shard_map import shard_map

    _shard_map = partial(shard_map, check_rep=False)


def is_traced(*arrays: Any) -> bool:
    """Whether JAX is tracing any of the arrays."""
    return any(isinstance(x, jax.core.Tracer) for x in jax.tree.leaves(arrays))


def has_one_cpu() -> bool:
    """Whether JAX computes on the CPU and has it as one device."""
    return jax.default_backend() == "cpu" and jax.device_count() == 1


def on_one_cpu(*arrays: Any) -> bool:
    """Whether every array is known to be on the same CPU: there is no other device, or JAX can tell."""
    if jax.default_backend() != "cpu" or jax.device_count() == 1:
        return has_one_cpu()
    return not is_traced(arrays) and all(len(x.devices()) == 1 for x in jax.tree.leaves(arrays))


def subject_axis(*arrays: Any) -> Axis | None:
    """Over which devices the first axis of the arrays is spread; None where it is not, or not known."""
    # A traced array has a sharding only if its mesh has explicit axes, and then of a mesh without devices.
    for x in sorted(jax.tree.leaves(arrays), key=is_traced):
        sharding = getattr(x.aval if is_traced(x) else x, "sharding", None)
        if isinstance(sharding, NamedSharding) and len(sharding.spec) and sharding.spec[0] is not None:
            return sharding.mesh, sharding.spec[0]
    return None


def spread(axis: Axis | None, by_subject: tuple[bool, ...], *arguments: Any) -> tuple[Any, ...]:
    """The arguments, put where `over_subjects` wants them."""
    if axis is None:
        return arguments

    def put(x, spec):
        sharding = NamedSharding(axis[0], spec)
        if is_traced(x) or not isinstance(axis[0], Mesh):
            return jax.reshard(x, sharding) if _is_explicit(axis[0]) else x
        if sharding.is_fully_addressable or not getattr(x, "is_fully_addressable", True):
            return jax.device_put(x, sharding)
        # Several machines: what each of them has whole, as a parameter that all subjects share.
        whole = np.asarray(x) if len(spec) else None
        return x if whole is None else jax.make_array_from_callback(x.shape, sharding, whole.__getitem__)

    pairs = zip(arguments, _specs(axis, by_subject), strict=True)
    return tuple(jax.tree.map(partial(put, spec=spec), argument) for argument, spec in pairs)


def over_subjects(function: Callable, axis: Axis | None, by_subject: tuple[bool, ...]) -> Callable:
    """`function`, run on each device for the subjects that are there.

    `by_subject` says for each argument whether its first axis is the subjects; if not, each device gets
    all of it. What `function` returns has the subjects on the first axis.
    """
    if axis is None:
        return function
    mesh, name = axis
    specs = _specs(axis, by_subject)
    return _shard_map(function, mesh=mesh, in_specs=specs, out_specs=PartitionSpec(name))


def _specs(axis: Axis, by_subject: tuple[bool, ...]) -> tuple[PartitionSpec, ...]:
    return tuple(PartitionSpec(axis[1]) if own else PartitionSpec() for own in by_subject)


def _is_explicit(mesh: Mesh | AbstractMesh) -> bool:
    """Whether the types of arrays say how they are spread over the mesh; JAX before 0.6 has no such types."""
    kinds = getattr(mesh, "axis_types", None) or ()
    return any(getattr(kind, "name", "") == "Explicit" for kind in kinds)
