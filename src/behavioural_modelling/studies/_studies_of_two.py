"""Simulated studies of two groups: who takes part, what they do, and what the analysis makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Int

from .. import _checks
from ..fitting._given import check_distribution
from ..models import Model
from ..posteriors import _given
from ..tasks import Schedule, Task
from ..trials import Trials
from . import _synthetic, _two_groups

__all__: list[str] = []


class Sizes(NamedTuple):
    """How many of what."""

    n_subjects: tuple[int, ...]
    n_trials: tuple[int, ...]
    n_simulations: int

    @property
    def most(self) -> int:
        """People in a group of the largest study."""
        return max(self.n_subjects)

    def places(self, n: int) -> Int[np.ndarray, "n_simulations two n"]:
        """Where the first n people of each group of each study are among all people."""
        everybody = np.arange(self.n_simulations * 2 * self.most)
        return everybody.reshape(self.n_simulations, 2, self.most)[:, :, :n]


class Study(NamedTuple):
    """What is simulated, and how it is analysed."""

    key: Any
    model: Model
    params: Mapping[str, Any]
    spread: Mapping[str, float]
    task: Schedule | Task
    parameter: str
    sizes: Sizes
    method: str
    priors: Mapping[str, Any] | None
    level: float
    n_starts: int
    progress: bool | None

    def of(self, difference: float) -> tuple[_two_groups.Answers, tuple[float, float]]:
        """The answers of all rows, and the two median persons."""
        # Without a difference other people play: the two shares are independent.
        key_people, key_play, key_fit = jax.random.split(jax.random.fold_in(self.key, difference == 0), 3)
        n = self.sizes.n_simulations * 2 * self.sizes.most
        drawn = _two_groups.people(key_people, self.model, self.params, self.spread, n)
        unit = _unit_of(self.task, key_play, self.model, drawn)
        priors = _all_priors(self.model, self.priors, unit)
        lines = _two_groups.lines(self.model, priors, unit[1] - unit[0])
        group = self.sizes.places(self.sizes.most) * 0 + np.array([-0.5, 0.5])[:, None]
        true = _two_groups.moved(lines, drawn, self.parameter, difference * group.reshape(-1))
        trials = _synthetic.trials(key_play, self.model, true, self.task)
        given = priors if self.method == "two-step" else (self.priors or {})
        line, rest = lines[self.parameter], (self.level, self.n_starts, self.progress)
        two = _two_groups.Two(self.model, given, line, self.parameter, *rest)
        run = self._two_step if self.method == "two-step" else self._hierarchical
        rows = list(run(key_fit, two, trials))
        together = [np.stack(x) for x in zip(*rows, strict=True)]
        middle = np.median(line.of(drawn[self.parameter]))
        first, second = (float(line.natural(middle + half * difference)) for half in (-0.5, 0.5))
        return _two_groups.Answers(*together), (first, second)

    def _two_step(self, key: Array, two: Any, trials: Trials) -> Iterator[_two_groups.Answers]:
        for n_trials in self.sizes.n_trials:
            line = two.estimates(key, _two_groups.first_trials(trials, n_trials))
            for n in self.sizes.n_subjects:
                groups = line[self.sizes.places(n)]
                yield _two_groups.welch(groups[:, 0], groups[:, 1], self.level)

    def _hierarchical(self, key: Array, two: Any, trials: Trials) -> Iterator[_two_groups.Answers]:
        from tqdm import tqdm

        rows = [(t, n) for t in self.sizes.n_trials for n in self.sizes.n_subjects]
        delay, disable = (10 if self.progress is None else 0), self.progress is False
        n_studies = len(rows) * self.sizes.n_simulations
        with tqdm(total=n_studies, desc="power", delay=delay, disable=disable, leave=False) as bar:
            for t, n in rows:
                some, answers = _two_groups.first_trials(trials, t), []
                for s, people in enumerate(self.sizes.places(n).reshape(-1, 2 * n)):
                    one = jax.random.fold_in(key, s)
                    answers.append(_two_groups.one_posterior(one, two, some.subjects(people), n))
                    bar.update()
                estimate, found = map(np.array, zip(*answers, strict=True))
                yield _two_groups.Answers(estimate, found)


def _unit_of(task: Any, key: Array, model: Model, drawn: Mapping[str, Any]) -> tuple[float, float]:
    """The smallest and the largest outcome: of the arrays, or of what a task pays some people."""
    some = {one.name: np.asarray(drawn[one.name][:20]) for one in model.parameters}
    low, width = _given._outcome_range(_synthetic.trials(key, model, some, task))
    return low, low + width


def _all_priors(model: Model, priors: Any, outcomes: tuple[float, float]) -> dict[str, Any]:
    """Priors of all parameters: those given, and the defaults of the others."""
    if priors is not None and not isinstance(priors, Mapping):
        _checks.fail("priors", "None, or a dict of distributions", type(priors).__name__)
    given = dict(priors or {})
    for name, prior in given.items():
        if name in {one.name for one in model.parameters}:
            check_distribution(f"priors[{name!r}]", prior)
    return _given._default_priors(model, list(model.parameters), given, outcomes) | given
