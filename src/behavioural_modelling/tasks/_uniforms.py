"""The random numbers of a schedule, on the host, where it is laid out before anybody plays it."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import numpy as np
from jaxtyping import Array, Key

__all__: list[str] = []


def uniforms(key: Key[Array, ""], n_subjects: int, shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
    """Numbers in [0, 1), one array per shape, subjects in front. Subject i's go by `key` and i alone."""
    own = jax.vmap(jax.random.fold_in, (None, 0))(key, np.arange(n_subjects, dtype=np.uint32))

    def draw(number, shape):
        return jax.vmap(lambda one: jax.random.uniform(jax.random.fold_in(one, number), shape))(own)

    return [np.asarray(draw(number, shape)) for number, shape in enumerate(shapes)]
