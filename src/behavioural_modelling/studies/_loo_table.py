"""Posteriors of several models side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _checks
from .leave_one_out import Loo, _error_of_sum, loo

if TYPE_CHECKING:
    from pandas import DataFrame

__all__: list[str] = []


def table(posteriors: Mapping[str, Any], unit: str | None) -> DataFrame:
    """The table of `compare`, of posteriors or what `loo` made of them."""
    import pandas as pd

    found = _checked(posteriors, unit)
    first = next(iter(found.values()))
    best = max(found.values(), key=lambda one: one.total)
    columns = {
        "unit": first.unit,
        "elpd_loo": [one.total for one in found.values()],
        "se": [one.standard_error for one in found.values()],
        "difference": [float((one.elpd - best.elpd).sum()) for one in found.values()],
        "se_difference": [_error_of_sum(one.elpd - best.elpd) for one in found.values()],
        "p_loo": [float(one.p.sum()) for one in found.values()],
        "elpd_waic": [float(one.elpd_waic.sum()) for one in found.values()],
        "p_waic": [float(one.p_waic.sum()) for one in found.values()],
        "share_high_k": [float((one.pareto_k > one.good_k).mean()) for one in found.values()],
        "n": len(first.elpd),
        "problem": [one.problem for one in found.values()],
    }
    return pd.DataFrame(columns, index=pd.Index(list(found), name="model"))


def _checked(given: Mapping[str, Any], unit: str | None) -> dict[str, Loo]:
    """What `loo` makes of each, all of the same trials and unit."""
    found = {name: x if isinstance(x, Loo) else loo(x, unit or "trial") for name, x in given.items()}
    first, *others = found
    for name in others:
        if found[name].unit != found[first].unit:
            expected = f"leave-one-out by {found[first].unit}, as fits[{first!r}]"
            _checks.fail(f"fits[{name!r}]", expected, f"by {found[name].unit}")
        same = np.array_equal(found[first].digest, found[name].digest)
        if not same or len(found[first].elpd) != len(found[name].elpd):
            _checks.fail(f"fits[{name!r}]", f"one to the trials of fits[{first!r}]", "one to others")
    if unit is not None and unit != found[first].unit:
        _checks.fail("unit", f"{found[first].unit!r}, as what `loo` gave", repr(unit))
    return found
