r"""Who took part and which trials count, in words: missed trials, feedback, blocks."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..posteriors import Posterior
from ..trials import Trials
from . import _in_words as words

__all__: list[str] = []


def in_words(result: Any, trials: Trials | None, decisions: np.ndarray) -> str:
    """How many people and trials there were, what was left out, and whether learning began anew."""
    if trials is None:
        people = words.count(len(decisions), "person", "people")
        return f"{people} took {words.count(int(decisions.sum()), 'decision')} ({_range(decisions)} each)."
    mask = np.ones(trials.shape, bool) if trials.mask is None else np.asarray(trials.mask)
    each, rows = mask.sum(axis=1), words.count(len(mask), "person", "people")
    sessions = isinstance(result, Posterior) and len(result.subjects) < len(mask)
    if sessions:
        people = words.count(len(result.subjects), "person", "people")
        rows = f"{people} in {words.count(len(mask), 'session')}"
    said = [f"{rows} left {words.count(int(each.sum()), 'scored trial')} ({_range(each)} each)"]
    said += _silent(trials, mask)
    blocks = _blocks(trials, mask, "session" if sessions else "person")
    return " ".join([f"{'; '.join(said)}.", _left_out(mask), blocks])


def _range(counts: np.ndarray) -> str:
    low, high = int(counts.min()), int(counts.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _silent(trials: Trials, mask: np.ndarray) -> list[str]:
    """Choices without feedback."""
    if trials.feedback is None:
        return []
    silent = int((~np.asarray(trials.feedback) & mask).sum())
    had = f"{words.share(silent, int(mask.sum()), 'scored choice')} had no feedback"
    return [f"{had}, and nothing was learned there"]


def _left_out(mask: np.ndarray) -> str:
    """Trials without a response that counts. Those after a row's last one may be padding."""
    if mask.all():
        return "No trial was missed or left out."
    after = np.cumsum(mask[:, ::-1], axis=1)[:, ::-1] == 0
    between, n = int((~mask & ~after).sum()), mask.size - int(after.sum())
    text = f"{words.share(between, n, 'trial')} had no response that counts (missed or left out)"
    text += "" if between == 0 else ": nothing was scored or learned there"
    if not after.any():
        return f"{text}."
    are = "is" if after.sum() == 1 else "are"
    return f"{text}; {words.count(int(after.sum()), 'trial')} after the last response {are} not among them."


def _blocks(trials: Trials, mask: np.ndarray, who: str) -> str:
    """Whether what was learned was carried from block to block."""
    started = np.cumsum(mask, axis=1) - mask > 0
    going_on = np.cumsum(mask[:, ::-1], axis=1)[:, ::-1] > 0
    reset = np.zeros(mask.shape, bool) if trials.reset is None else np.asarray(trials.reset)
    anew = reset & started & going_on
    if not anew.any():
        return f"What was learned was carried through all trials of a {who}: nothing was set back."
    n = anew.sum(axis=1)
    text = f"What was learned was set back {words.count(int(n.sum()), 'time')} ({_range(n)} in each {who})"
    return f"{text}, as where a block begins; else it was carried on."
