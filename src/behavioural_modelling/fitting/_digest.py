"""A number for what a subject did, by which fits to different trials can be told apart."""

from __future__ import annotations

import hashlib
from typing import Any

import jax
import numpy as np

from ..trials import Trials

__all__: list[str] = []

WITHOUT_SAYING = ("available", "feedback")
"""The fields that say nothing where they are True."""

UNSAID = {f"['{name}']" for name in (*WITHOUT_SAYING, "reset")}
"""The fields, as a tree calls them, that say nothing where they are 0: those turned round, and `reset`."""


def digests(trials: Trials) -> np.ndarray:
    """One number per subject. What a trial holds that does not count plays no part, nor does padding."""
    mask = np.ones(trials.shape, bool) if trials.mask is None else np.asarray(trials.mask)
    fields = trials._asdict() | {"mask": None}
    # What goes without saying is left out; a reset counts from its trial on, be that one masked or not.
    fields |= {name: None if fields[name] is None else ~np.asarray(fields[name]) for name in WITHOUT_SAYING}
    fields["reset"] = None if trials.reset is None else np.cumsum(trials.reset, axis=1)
    named = {jax.tree_util.keystr(path): x for path, x in jax.tree_util.tree_leaves_with_path(fields)}
    given = {
        name: np.broadcast_to(_plain(x), (*trials.shape, *x.shape[2:])) for name, x in sorted(named.items())
    }
    return np.array(
        [_digest({name: x[i][mask[i]] for name, x in given.items()}) for i in range(len(mask))], np.uint64
    )


def _plain(x: Any) -> np.ndarray:
    """Numbers of one precision, so that the same ones count as the same."""
    x = np.asarray(x)
    return x.astype(np.float32 if x.dtype.kind == "f" else np.int32)


def _digest(fields: dict[str, np.ndarray]) -> int:
    counted = hashlib.blake2b(digest_size=8)
    for name, x in fields.items():
        if name not in UNSAID or x.any():
            counted.update(name.encode() + np.ascontiguousarray(x).tobytes())
    return int.from_bytes(counted.digest(), "little")
