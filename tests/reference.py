"""NumPy float64 oracles: the equations once more, as plain loops that share nothing with the package."""

import math
from typing import NamedTuple

import numpy as np


def exp_normalised(logits):
    """Exponentials of one row of logits, divided by their sum."""
    best = max(logits)
    weights = [math.exp(logit - best) for logit in logits]
    return [weight / math.fsum(weights) for weight in weights]


def softmax(value, temperature=1.0, stickiness=0.0, prev_choice=None):
    """Row by row, action by action; temperature and stickiness are numbers, or one per row."""
    return _softmax(value, temperature, stickiness, prev_choice, lambda x, tau: x / tau)


def softmax_inverse_temperature(value, inverse_temperature=1.0, stickiness=0.0, prev_choice=None):
    """The same, multiplied by the inverse temperature."""
    return _softmax(value, inverse_temperature, stickiness, prev_choice, lambda x, beta: x * beta)


def _softmax(value, scale, stickiness, prev_choice, scaled):
    value = np.asarray(value, dtype=np.float64)
    scale = np.broadcast_to(np.asarray(scale, dtype=np.float64), value.shape[:-1])
    stickiness = np.broadcast_to(np.asarray(stickiness, dtype=np.float64), value.shape[:-1])
    prev_choice = np.zeros(value.shape) if prev_choice is None else prev_choice
    prev_choice = np.broadcast_to(np.asarray(prev_choice, dtype=np.float64), value.shape)
    probs = np.empty(value.shape)
    for row in np.ndindex(value.shape[:-1]):
        best = max(value[row])
        logits = []
        for action in range(value.shape[-1]):
            # The difference of two float32 numbers comes first: in float64 it is exact.
            net = (value[row][action] - best) + stickiness[row] * prev_choice[row][action]
            logits.append(scaled(net, scale[row]))
        probs[row] = exp_normalised(logits)
    return probs


def lapse_mixture(probs, lapse=0.0):
    """One row of probabilities, normalised and mixed with a random choice."""
    total = math.fsum(float(p) for p in probs)
    return [(1 - lapse) * float(p) / total + lapse / len(probs) for p in probs]


def choose(uniform, probs):
    """Walk along the row until the probabilities passed exceed the random number."""
    goal, passed, last_possible = float(uniform) * math.fsum(probs), 0.0, None
    for action, p in enumerate(probs):
        if p == 0:
            continue
        last_possible = action
        passed += float(p)
        if goal < passed:
            return action
    return last_possible


def update(value, outcome, choice, alpha_p, alpha_n, counterfactual=None):
    """One trial. `choice` is an action, None without a response.

    `counterfactual(reward)` gives what the unchosen actions would have paid; None leaves them as they are.
    """
    new_value, errors = [float(v) for v in value], [0.0] * len(value)
    for action in range(len(value)):
        if action == choice:
            target = float(outcome[action])
        elif counterfactual is not None and choice is not None:
            target = counterfactual(float(outcome[choice]))
        else:
            continue
        errors[action] = target - float(value[action])
        rate = alpha_p if errors[action] > 0 else alpha_n
        new_value[action] = float(value[action]) + float(rate) * errors[action]
    return new_value, errors


def learn(outcomes, choices, alpha_p, alpha_n, initial_value=0.5):
    """All trials of one subject whose choices are known: (values, prediction errors)."""
    n_trials, n_actions = np.shape(outcomes)
    values = np.full((n_trials + 1, n_actions), initial_value, dtype=np.float64)
    errors = np.zeros((n_trials, n_actions))
    for trial in range(n_trials):
        values[trial + 1], errors[trial] = update(
            values[trial], outcomes[trial], choices[trial], alpha_p, alpha_n
        )
    return values[:-1], errors


def play(uniforms, outcomes, alpha_p, alpha_n, temperature, available=None, reset=None, initial_value=0.5):
    """All trials of one subject that chooses: (values, choice_p, choices, prediction errors)."""
    n_trials, n_actions = np.shape(outcomes)
    values = np.full((n_trials + 1, n_actions), initial_value, dtype=np.float64)
    choice_p, errors = np.zeros((n_trials, n_actions)), np.zeros((n_trials, n_actions))
    choices = np.zeros(n_trials, dtype=int)
    for trial in range(n_trials):
        if reset is not None and reset[trial]:
            values[trial] = initial_value
        on_offer = [a for a in range(n_actions) if available is None or available[trial][a]]
        choice_p[trial][on_offer] = softmax(values[trial][on_offer], temperature)
        choices[trial] = choose(uniforms[trial], choice_p[trial])
        values[trial + 1], errors[trial] = update(
            values[trial], outcomes[trial], choices[trial], alpha_p, alpha_n
        )
    return values[:-1], choice_p, choices, errors


def sequence_probability(choices, outcomes, alpha_p, alpha_n, temperature, initial_value=0.5):
    """The probability that a subject makes exactly these choices."""
    value, probability = [initial_value] * len(outcomes[0]), 1.0
    for outcome, choice in zip(outcomes, choices, strict=True):
        probability *= softmax(value, temperature)[choice]
        value, _ = update(value, outcome, choice, alpha_p, alpha_n)
    return probability


def log_likelihood(
    choices,
    outcomes,
    alpha_p,
    alpha_n,
    temperature,
    available=None,
    mask=None,
    reset=None,
    feedback=None,
    initial_value=0.5,
):
    """The log-probability of one subject's choices; each trial's outcome has one entry per action."""
    n_actions, terms = len(outcomes[0]), []
    value = [initial_value] * n_actions
    for trial, choice in enumerate(choices):
        if reset is not None and reset[trial]:
            value = [initial_value] * n_actions
        if mask is not None and not mask[trial]:
            continue
        on_offer = [a for a in range(n_actions) if available is None or available[trial][a]]
        probs = softmax([value[a] for a in on_offer], temperature)
        terms.append(math.log(probs[on_offer.index(choice)]))
        if feedback is not None and not feedback[trial]:
            continue
        value, _ = update(value, outcomes[trial], choice, alpha_p, alpha_n)
    return math.fsum(terms)


# The models again, from another side: the probability of every action, given all that came before. `past`
# is a list of pairs of a choice and what it paid, and a reset empties it: nothing is carried along.


def _scale(params, suffix=""):
    """The inverse temperature, from whichever of the two is given."""
    inverse, temperature = f"inverse_temperature{suffix}", f"temperature{suffix}"
    return params[inverse] if inverse in params else 1 / params[temperature]


def _values(params, past, n_actions, initial_value):
    alpha_p, alpha_n = (params[f"alpha_{sign}" if "alpha_p" in params else "alpha"] for sign in "pn")
    value = [initial_value] * n_actions
    for choice, reward in past:
        value, _ = update(value, [reward] * n_actions, choice, alpha_p, alpha_n)
    return [_scale(params) * v for v in value]


def _kernel(params, past, n_actions):
    """Every choice of an action adds alpha_c, and each trial since leaves 1 - alpha_c of it."""
    alpha, kernel = params["alpha_c"], [0.0] * n_actions
    for ago, (choice, _) in enumerate(reversed(past)):
        kernel[choice] += alpha * (1 - alpha) ** ago
    return [_scale(params, "_c") * k for k in kernel]


def probabilities_of(name, params, past, n_actions, initial_value=0.5, on_offer=None):
    """What the model of that name gives every action after `past`; all actions are on offer where None."""
    if name == "biased_random":
        # Break a piece off the stick for one action after the other; the last gets what is left.
        left, pieces = 1.0, []
        for action in range(n_actions - 1):
            bias = params["bias" if n_actions == 2 else f"bias_{action}"]
            pieces.append(left * bias)
            left *= 1 - bias
        return [*pieces, left]
    if name == "win_stay_lose_shift":
        goal = [1 / n_actions] * n_actions
        if past:
            last, reward = past[-1]
            stay, shift = (1.0, 0.0) if reward > 0 else (0.0, 1 / (n_actions - 1))
            goal = [stay if action == last else shift for action in range(n_actions)]
        on_offer = range(n_actions) if on_offer is None else on_offer
        among = [goal[action] for action in on_offer]
        mixed = lapse_mixture(among if sum(among) else [1.0] * len(among), params["lapse"])
        return [mixed[on_offer.index(a)] if a in on_offer else 0.0 for a in range(n_actions)]
    logits = [0.0] * n_actions
    if name != "choice_kernel":
        logits = _values(params, past, n_actions, initial_value)
    if "choice_kernel" in name:
        logits = [x + k for x, k in zip(logits, _kernel(params, past, n_actions), strict=True)]
    return exp_normalised(logits)


def choice_p_of(name, params, choices, outcomes, available=None, mask=None, reset=None, initial_value=0.5):
    """One subject's choice probabilities under the model of that name; None where the mask is False."""
    n_actions, past, rows = len(outcomes[0]), [], []
    for trial, choice in enumerate(choices):
        if reset is not None and reset[trial]:
            past = []
        if mask is not None and not mask[trial]:
            rows.append(None)
            continue
        on_offer = [a for a in range(n_actions) if available is None or available[trial][a]]
        probs = probabilities_of(name, params, past, n_actions, initial_value, on_offer)
        offered = [p if a in on_offer else 0.0 for a, p in enumerate(probs)]
        rows.append([p / math.fsum(offered) for p in offered])
        past.append((choice, float(outcomes[trial][choice])))
    return rows


def log_likelihood_of(name, params, choices, outcomes, **task):
    """The log-probability of one subject's choices under the model of that name."""
    rows = choice_p_of(name, params, choices, outcomes, **task)
    return math.fsum(math.log(row[choice]) for row, choice in zip(rows, choices, strict=True) if row)


# A learner with other parts around it, the inner one first: what `models.with_...` make, trial by trial.


class Mind(NamedTuple):
    """What somebody with all parts carries from trial to trial; `last` is None before the first choice."""

    value: list
    kernel: list
    last: int | None


def _as_logarithms(probs):
    return [math.log(p) if p > 0 else -math.inf for p in probs]


def _with_part(part, params, mind, logits, on_offer):
    """Logits, changed as the part says."""
    n_actions = len(logits)
    if part == "lapse":
        mixed = lapse_mixture(exp_normalised([logits[a] for a in on_offer]), params["lapse"])
        mixed = dict(zip(on_offer, _as_logarithms(mixed), strict=True))
        return [mixed.get(action, -math.inf) for action in range(n_actions)]
    if part == "stickiness":
        return [x + params["stickiness"] * (a == mind.last) for a, x in enumerate(logits)]
    if part == "choice_kernel":
        return [x + _scale(params, "_c") * k for x, k in zip(logits, mind.kernel, strict=True)]
    return logits


def _moved(parts, params, mind, choice, outcome, initial_value):
    """What is carried on, after a choice and what every action would have paid."""
    alpha_p, alpha_n = (params[f"alpha_{sign}" if "alpha_p" in params else "alpha"] for sign in "pn")
    value, _ = update(mind.value, outcome, choice, alpha_p, alpha_n)
    if "forgetting" in parts:
        phi = params["forgetting"]
        value = [v if a == choice else (1 - phi) * v + phi * initial_value for a, v in enumerate(value)]
    rate = params.get("alpha_c", 0)
    kernel = [(1 - rate) * k + rate * (a == choice) for a, k in enumerate(mind.kernel)]
    return Mind(value, kernel, choice)


def composed(parts, params, choices, outcomes, available=None, mask=None, reset=None, feedback=None):
    """One subject's choice probabilities, and the kernel before each choice. A row is there for every trial.

    On a trial without feedback, or that the mask leaves out, nothing is carried on. `initial_value` is among
    the parameters, or .5.
    """
    n_actions, initial_value = len(outcomes[0]), params.get("initial_value", 0.5)
    new = Mind([initial_value] * n_actions, [0.0] * n_actions, None)
    mind, rows, kernels = new, [], []
    for trial, choice in enumerate(choices):
        if reset is not None and reset[trial]:
            mind = new
        on_offer = [a for a in range(n_actions) if available is None or available[trial][a]]
        logits = [_scale(params) * v for v in mind.value]
        for part in parts:
            logits = _with_part(part, params, mind, logits, on_offer)
        probs = dict(zip(on_offer, exp_normalised([logits[a] for a in on_offer]), strict=True))
        rows.append([probs.get(action, 0.0) for action in range(n_actions)])
        kernels.append(mind.kernel)
        learns = all(told is None or told[trial] for told in (mask, feedback))
        if learns:
            mind = _moved(parts, params, mind, choice, outcomes[trial], initial_value)
    return rows, kernels


def composed_log_likelihood(parts, params, choices, outcomes, mask=None, **task):
    """The log-probability of one subject's choices, those of trials that count."""
    rows, _ = composed(parts, params, choices, outcomes, mask=mask, **task)
    scored = [trial for trial in range(len(choices)) if mask is None or mask[trial]]
    return math.fsum(math.log(rows[trial][choices[trial]]) for trial in scored)
