"""Choices, held against the actions that there are and against what was on offer."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _checks
from ._outcomes import Known

__all__: list[str] = []


def check(choices: Any, offers: Any, outcomes: Any, known: Known) -> None:
    """Refuse offers of other actions than the outcomes have, and choices that are none of them."""
    named = outcomes.values() if isinstance(outcomes, dict) else [outcomes]
    n_actions = max((x.shape[-1] for x in named if x.shape[-1] > 1), default=known.n_actions)
    if offers is not None and offers.shape[-1] != n_actions:
        _checks.fail("available", f"shape {(*known.shape, n_actions)}", f"shape {offers.shape}")
    if choices is None or known.choices is None or known.mask is None:
        return
    top = np.iinfo(np.int32).max if n_actions is None else n_actions - 1
    good = ((known.choices >= 0) & (known.choices <= top)) | ~known.mask
    expected = "actions from 0" + ("" if n_actions is None else f" to {top}")
    _checks.every("choices", expected, known.choices, good)
    offered = None if offers is None else _checks.known_values(offers)
    if offered is None:
        return
    chosen = np.where(known.mask, known.choices, 0)
    on_offer = np.take_along_axis(offered, chosen[..., None], axis=-1)[..., 0]
    if not (on_offer | ~known.mask).all():
        subject, trial = (int(i) for i in np.argwhere(~on_offer & known.mask)[0])
        received = f"action {chosen[subject, trial]} of subject {subject} on trial {trial}"
        _checks.fail("choices", "actions that were on offer", received)
