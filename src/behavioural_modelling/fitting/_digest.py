"""A number for what a subject did, by which fits to different trials can be told apart."""

from __future__ import annotations

import hashlib

import numpy as np

from ..trials import Trials

__all__: list[str] = []

WITHOUT_SAYING = ("available", "feedback")
"""The fields that say nothing where they are True."""


def digests(trials: Trials) -> np.ndarray:
    """One number per subject. What a trial holds that does not count plays no part, nor does padding."""
    choices, fields = np.asarray(trials.choices), trials._asdict()
    mask = np.ones(choices.shape, bool) if trials.mask is None else np.asarray(trials.mask)
    outcomes = np.asarray(fields.pop("outcomes"), np.float32)
    own = outcomes.shape[:2] == choices.shape
    fields["outcomes"] = outcomes if own else np.broadcast_to(outcomes, (len(choices), *outcomes.shape))
    fields["choices"] = choices.astype(np.int32)
    # What goes without saying is left out; a reset counts from its trial on, be that one masked or not.
    fields |= {name: None if fields[name] is None else ~np.asarray(fields[name]) for name in WITHOUT_SAYING}
    fields["reset"] = None if trials.reset is None else np.cumsum(trials.reset, axis=1)
    del fields["mask"]
    given = {name: np.asarray(x) for name, x in sorted(fields.items()) if x is not None}
    return np.array(
        [_digest({name: x[i][mask[i]] for name, x in given.items()}) for i in range(len(choices))], np.uint64
    )


def _digest(fields: dict[str, np.ndarray]) -> int:
    counted = hashlib.blake2b(digest_size=8)
    for name, x in fields.items():
        if name in ("choices", "outcomes") or x.any():
            counted.update(name.encode() + np.ascontiguousarray(x).tobytes())
    return int.from_bytes(counted.digest(), "little")
