r"""The check of a model: every test that can be run without knowing what the model is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
from jaxtyping import Array, Key

from .. import _checks, _door
from .._types import Numbers
from ..models import Model
from ..tasks import Schedule, Task
from . import _setting, _tests

__all__ = ["Check", "Finding", "check_model"]


class Finding(NamedTuple):
    """What one test found.

    Attributes:
        test: The name of the test.
        passed: Whether it passed; None where it was not run.
        message: What was looked at, or what is wrong, in words.
    """

    test: str
    passed: bool | None
    message: str


class Check(NamedTuple):
    """What all tests found. Printed, it is a list of them.

    Attributes:
        name: The name of the model.
        findings: One for each test.
    """

    name: str
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether no test failed."""
        return all(finding.passed is not False for finding in self.findings)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, in words; empty where nothing is."""
        return tuple(f"{x.test}: {x.message}" for x in self.findings if x.passed is False)

    def __repr__(self) -> str:
        marks = {True: "ok", False: "WRONG", None: "not run"}
        width = max(len(finding.test) for finding in self.findings)
        lines = [f"  {x.test:<{width}}  {marks[x.passed]:<7}  {x.message}" for x in self.findings]
        return "\n".join([f"{self.name}: {'all is well' if self.passed else 'something is wrong'}", *lines])

    __str__ = __repr__


def check_model(
    model: Model,
    *,
    task: Numbers | Mapping[str, Numbers] | Schedule | Task | None = None,
    params: Mapping[str, Any] | None = None,
    limit: tuple[Mapping[str, float], Model] | None = None,
    key: Key[Array, ""] | None = None,
    n_subjects: int = 100,
    n_trials: int = 200,
) -> Check:
    r"""Test a model of your own, and say what is wrong with it.

    - *fits together*: its functions take and give what they should;
    - *probability*: the probabilities of all sequences of choices sum to 1; a density integrates to 1;
    - *draws*: responses are drawn as often as their probability says;
    - *gradient*: the log-likelihood and its slope are finite, at the bounds of parameters too, and every
      parameter makes a difference;
    - *limiting case*: with some parameters at given values it is another, simpler model;
    - *recovery*: people are simulated and fitted, and those with a higher parameter have a higher estimate.

    Where the functions do not fit together nothing else is run, and recovery only where all else is right. It
    takes some seconds.

    Args:
        model: The model.
        task: What is played: outcomes, a `Schedule` or a `Task`, as in `simulate`. None: a bandit whose
            actions pay 1 or 0 and change places twice; where nothing is chosen, outcomes of 1 and 0.
        params: With which parameters people are made up, as in `recovery`. None: from the priors of the
            parameters, or else from the middle of their ranges.
        limit: The pair of parameters at given values and the model that it is then, such as
            `({"forgetting": 0.0}, models.rescorla_wagner(2))`; that model's parameters must be among the
            others. None: this test is not run.
        key: One random key. None: `jax.random.key(0)`.
        n_subjects: How many people are made up for the recovery, at least 10.
        n_trials: How many trials they play where `task` is None, at least 10.

    Returns:
        A `Check`: `passed`, and `problems` in words.

    Raises:
        ValueError: If `task`, `params` or `limit` are not for this model, or a number is too small.

    Example:
        >>> from behavioural_modelling import models
        >>> model = models.rescorla_wagner(2)._replace(predict=lambda params, value, trial: value[:1])
        >>> check_model(model).problems[0][:56]
        'fits together: model.predict: expected logits, floating-'

    Source:
        Wilson & Collins (2019), doi 10.7554/eLife.49547.
    """
    key = jax.random.key(0) if key is None else _checks.random_key("key", key)
    n_subjects = _checks.size("n_subjects", n_subjects, minimum=10)
    n_trials = _checks.size("n_trials", n_trials, minimum=10)
    try:
        _door.checked(model)
    except ValueError as error:
        return Check(str(getattr(model, "name", "model")), (Finding("fits together", False, str(error)),))
    setting = _setting.setting(key, model, task, params, limit, n_subjects, n_trials)
    findings: list[Finding] = []
    for name, test in _tests.IN_ORDER.items():
        wrong = [finding.test for finding in findings if finding.passed is False]
        if wrong and (wrong[0] == "fits together" or name == "recovery"):
            findings.append(Finding(name, None, f"mend this first: {wrong[0]}"))
            continue
        try:
            passed, message = test(setting)
        except Exception as error:  # the reader's own functions may raise anything
            kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
            passed, message = False, kind + str(error).split("\n", 1)[0]
        findings.append(Finding(name, passed, message))
    return Check(model.name, tuple(findings))
