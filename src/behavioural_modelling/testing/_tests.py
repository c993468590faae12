"""The tests of a model: each takes the setting and gives `(passed, message)`."""

from __future__ import annotations

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..fitting import fit
from ..likelihood import log_likelihood
from ..studies.recovery import Recovery
from ..trials import Trials
from ._setting import Setting, as_jax, drawn_from, last, one, played, predicted, trials_of

__all__: list[str] = []

SEQUENCES = 1_000
"""How many sequences of choices are enumerated at most."""

ROUNDING = 1e-3
"""How far from 1 sums of probabilities in 32 bits may be, and equal log-probabilities from each other."""

WEAK = 0.5
"""The rank correlation of true and fitted values below which recovery is called weak."""


def fits_together(setting: Setting) -> tuple[bool, str]:
    """A simulation, which checks the functions first."""
    trace = played(setting, 1)
    told = [name for name in trace.records if name not in ("outcomes", "inputs", "available")]
    return True, f"a trace tells {', '.join(told)}"


def probability(setting: Setting) -> tuple[bool, str]:
    """All sequences of choices, or all ratings and times, have probability 1 together."""
    trials = trials_of(setting, 1)
    if setting.model.response.parts == ("choices",):
        return _enumerated(setting, trials)
    return _integrated(setting, trials)


def _enumerated(setting: Setting, trials: Trials) -> tuple[bool, str]:
    n = setting.model.n_actions or 1
    length = max(1, min(6, trials.shape[1], int(np.log(SEQUENCES) / np.log(max(n, 2)))))
    short = jax.tree.map(lambda x: x[:, :length], trials._replace(mask=None, feedback=None))
    sequences = np.array(list(itertools.product(range(n), repeat=length)))
    offered = short.available
    if offered is not None:
        possible = np.take_along_axis(np.asarray(offered)[0][None], sequences[..., None], axis=-1)
        sequences = sequences[possible[..., 0].all(axis=1)]
    many = lambda x: None if x is None else np.repeat(x, len(sequences), axis=0)  # noqa: E731
    fields: dict[str, Any] = {name: many(getattr(short, name)) for name in ("available", "reset")}
    every = Trials(sequences, short.outcomes, **fields, inputs=short.inputs)
    total = np.exp(np.asarray(log_likelihood(setting.model, one(setting), every), float)).sum()
    said = f"{len(sequences)} sequences of {length} choices have probability {total:.4f} together"
    return bool(abs(total - 1) < ROUNDING), said


def _integrated(setting: Setting, trials: Trials) -> tuple[bool, str]:
    """The density of the last trial's response, over a grid that spans what is drawn there."""
    response, given = setting.model.response, last(setting, trials)
    others = [part for part in response.parts[1:] if part != "choices"]
    if len(response.parts) > 2 or (len(response.parts) == 2 and "choices" not in response.parts):
        return True, f"not looked at: a response of {', '.join([response.parts[0], *others])}"
    grid, density, part = _density(setting, given, drawn_from(setting, given, 2_000))
    total = np.trapezoid(np.exp(density), grid).sum()
    return bool(abs(total - 1) < 5 * ROUNDING), f"the density of {part} integrates to {total:.4f}"


def _density(setting: Setting, given: Any, drawn: dict[str, Array]) -> tuple[np.ndarray, np.ndarray, str]:
    """The log-density over a grid that spans what is drawn, one row for each choice; and of which part."""
    response = setting.model.response
    part = next(part for part in response.parts if part != "choices")
    x = np.asarray(drawn[part], float)
    spread = max(float(np.ptp(x)), 1e-3)
    grid = np.linspace(x.min() - spread, x.max() + 4 * spread, 40_001)
    at = [lambda x: x]
    if len(response.parts) > 1:
        actions = range(setting.model.n_actions or 1)
        at = [lambda x, a=a: {"choices": jnp.asarray(a), part: x} for a in actions]
    density = lambda f: jax.vmap(lambda x: response.log_prob(given, f(x)))(jnp.asarray(grid))  # noqa: E731
    return grid, np.array([density(f) for f in at], float), part


def draws(setting: Setting) -> tuple[bool, str]:
    """Responses are drawn as often as their log-probability says."""
    response, trials = setting.model.response, trials_of(setting)
    if response.parts != ("choices",):
        return _spread_of(setting, trials)
    n = setting.model.n_actions or 1
    log_prob = jax.vmap(response.log_prob, (0, None))
    predictions = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), predicted(setting, trials))
    p = np.exp([np.asarray(log_prob(predictions, jnp.asarray(a)), float) for a in range(n)])
    counts = np.ones(p.shape[1], bool) if trials.mask is None else np.asarray(trials.mask).ravel()
    p, chosen = p[:, counts], np.arange(n)[:, None] == np.asarray(trials.choices).ravel()[counts]
    if (p[chosen] == 0).any():
        return False, f"{np.mean(p[chosen] == 0):.1%} of the choices drawn have no probability"
    # A choice is off its probability by chance alone, and so is its log-probability off the expected one.
    logs = np.where(p > 0, np.log(np.where(p > 0, p, 1)), 0)
    expected = (p * logs).sum(axis=0)
    surprise = (logs[chosen.argmax(axis=0), range(len(expected))] - expected).sum()
    variance = ((p * logs**2).sum(axis=0) - expected**2).sum()
    if abs(surprise) > 5 * np.sqrt(max(variance, 1)):
        drawn = expected.mean() + surprise / len(expected)
        said = f"choices have a mean log-probability of {drawn:.3f}"
        return False, f"{said}, and should have {expected.mean():.3f}: draw is not what log_prob says"
    off = (chosen - p).sum(axis=1) / np.sqrt(np.maximum((p * (1 - p)).sum(axis=1), 1))
    worst = int(np.abs(off).argmax())
    said = (
        f"action {worst} has a mean probability of {p[worst].mean():.3f}, {chosen[worst].mean():.3f} of draws"
    )
    return bool(np.abs(off).max() < 5), said


def _spread_of(setting: Setting, trials: Trials) -> tuple[bool, str]:
    """The mean log-density of draws is minus the entropy, which the density gives as an integral."""
    response, given = setting.model.response, last(setting, trials)
    drawn = drawn_from(setting, given, 4_000)
    alone = drawn[response.parts[0]] if len(response.parts) == 1 else drawn
    logs = np.asarray(jax.vmap(lambda x: response.log_prob(given, x))(alone), float)
    if not np.isfinite(logs).all():
        return False, f"{np.mean(~np.isfinite(logs)):.1%} of the responses drawn have no probability"
    grid, density, _ = _density(setting, given, drawn)
    p = np.exp(density)
    expected = np.trapezoid(p * np.where(p > 0, density, 0), grid).sum()
    error = logs.std() / np.sqrt(len(logs))
    said = f"draws have a mean log-density of {logs.mean():.3f}, the density says {expected:.3f}"
    return bool(abs(logs.mean() - expected) < 5 * error + ROUNDING), said


def gradient(setting: Setting) -> tuple[bool, str]:
    """The slope is a number, inside the ranges and on their bounds, and no parameter is without one."""
    trials = trials_of(setting)
    score = jax.jit(jax.grad(lambda params: log_likelihood(setting.model, params, trials).sum()))
    slopes = {name: np.asarray(x) for name, x in score(as_jax(setting.params)).items()}
    for name, x in slopes.items():
        if not np.isfinite(x).all():
            return False, f"the slope in {name} is {x[~np.isfinite(x)][0]} for {np.mean(~np.isfinite(x)):.0%}"
        if not x.any():
            return False, f"{name} makes no difference to any choice"
    for parameter in setting.model.parameters:
        for end in (parameter.lower, parameter.upper):
            if np.isfinite(end) and not (parameter.above and end == parameter.lower):
                there = as_jax(setting.params) | {parameter.name: jnp.full(trials.shape[0], float(end))}
                if any(np.isnan(np.asarray(x)).any() for x in score(there).values()):
                    return False, f"there is a NaN in the slope where {parameter.name} is {end:g}"
    return True, "finite, also at the bounds; every parameter makes a difference"


def limiting_case(setting: Setting) -> tuple[bool | None, str]:
    """With some parameters at given values the model is another one."""
    if setting.limit is None:
        return None, "give limit=({'parameter': value}, simpler_model)"
    values, simpler = setting.limit
    trials = trials_of(setting)
    ours = log_likelihood(setting.model, setting.params | dict(values), trials)
    names = [parameter.name for parameter in simpler.parameters]
    theirs = log_likelihood(simpler, {name: setting.params[name] for name in names}, trials)
    off = np.abs(np.asarray(ours, float) - np.asarray(theirs, float))
    allowed = ROUNDING * np.maximum(1, np.abs(np.asarray(theirs, float)))
    at = ", ".join(f"{name} = {value:g}" for name, value in values.items())
    said = f"at {at} the log-likelihood is that of {simpler.name}, to {off.max():.2g}"
    if not (off <= allowed).all():
        said = f"at {at} the log-likelihood is off that of {simpler.name} by up to {off.max():.3g}"
    return bool((off <= allowed).all()), said


def recovery(setting: Setting) -> tuple[bool, str]:
    """People are made up and fitted."""
    trials = trials_of(setting)
    if not setting.model.parameters:
        return True, "there is no parameter"
    found = fit(jax.random.fold_in(setting.key, 2), setting.model, trials, progress=False)
    found_again = Recovery(setting.params, found)
    at_truth = np.asarray(log_likelihood(setting.model, setting.params, trials))
    worse = np.mean(~(found.log_likelihood >= at_truth - 0.05))
    if worse > 0.05:
        return False, f"for {worse:.0%} the fit is worse than the true parameters: is the likelihood smooth?"
    ranks = found_again.summary()["rank_r"].to_dict()
    ranks = {name: ranks[name] for name, x in setting.params.items() if np.ptp(x) > 0}
    # Below this a correlation is what chance alone may give.
    lost = [f"{name} ({r:.2f})" for name, r in ranks.items() if not r >= 2 / trials.shape[0] ** 0.5]
    size = f"{trials.shape[0]} people, {trials.shape[1]} trials"
    if lost:
        said = f"no rank correlation of true and fitted values: {', '.join(lost)}; {size}."
        return False, f"{said} The task says too little of it, or params=... are far from those of people"
    said = ", ".join(f"{name} {r:.2f}{'' if r >= WEAK else ' (weak)'}" for name, r in ranks.items())
    return True, f"rank correlations: {said}; {size}"


IN_ORDER = {
    "fits together": fits_together,
    "probability": probability,
    "draws": draws,
    "gradient": gradient,
    "limiting case": limiting_case,
    "recovery": recovery,
}
"""The tests, by name."""
