"""Chapter 21: planning and the two-step task."""

from __future__ import annotations

import numpy as np

from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]

# 21.1: what a policy is worth.


def _swept(policy, sas, reward, discount, n_sweeps, step):
    """Values after some sweeps, each of which `step` takes from the values of the actions."""
    policy, sas, reward = (np.asarray(x, float) for x in (policy, sas, reward))
    values = np.zeros(len(reward))
    for _ in range(n_sweeps):
        values = step(policy, sas @ (reward + discount * values))
    return values


def _mean(policy, q_values):
    return (policy * q_values).sum(axis=1)


def _value_of(policy, sas, reward, discount, n_sweeps):
    return _swept(policy, sas, reward, discount, n_sweeps, _mean)


def _best(policy, sas, reward, discount, n_sweeps):
    return _swept(policy, sas, reward, discount, n_sweeps, lambda _, q_values: q_values.max(axis=1))


def _evenly(policy, sas, reward, discount, n_sweeps):
    return _swept(policy, sas, reward, discount, n_sweeps, lambda _, q_values: q_values.mean(axis=1))


def _discounted_pay(policy, sas, reward, discount, n_sweeps):
    return discount * np.asarray(_value_of(policy, sas, reward, discount, n_sweeps))


def _pay_of_leaving(policy, sas, reward, discount, n_sweeps):
    policy, sas, reward = (np.asarray(x, float) for x in (policy, sas, reward))
    values = np.zeros(len(reward))
    for _ in range(n_sweeps):
        values = reward + discount * _mean(policy, sas @ values)
    return values


def _in_place(policy, sas, reward, discount, n_sweeps):
    policy, sas, reward = (np.asarray(x, float) for x in (policy, sas, reward))
    values = np.zeros(len(reward))
    for _ in range(n_sweeps):
        for state in range(len(values)):
            values[state] = policy[state] @ (sas[state] @ (reward + discount * values))
    return values


def _world(seed, n_states, n_actions):
    """A world whose last state is the end, and a policy for it."""
    rng = np.random.default_rng(seed)
    sas = rng.dirichlet(np.ones(n_states), (n_states, n_actions))
    policy = rng.dirichlet(np.ones(n_actions), n_states)
    sas[-1], policy[-1] = 0, 0
    return policy, sas, rng.normal(0, 3, n_states)


VALUE_OF = Exercise(
    number="21.1",
    reference=_value_of,
    cases=lambda: [(*_world(1, 4, 2), 0.8, 3), (*_world(2, 6, 3), 0.95, 40)],
    hint="One sweep: Q(s, a) as in the equation of the text, then a weighted sum over the actions.",
    mistakes=(
        Mistake("the best action is taken", _best, "This person follows the policy, good or bad."),
        Mistake("all actions count alike", _evenly, "Where does the policy come in?"),
        Mistake(
            "a sweep is missing the last time",
            lambda policy, sas, reward, discount, n: _value_of(policy, sas, reward, discount, n - 1),
            "How many sweeps are there, if the first begins with values of 0?",
        ),
        Mistake(
            "the reward of the next step is discounted as well",
            _discounted_pay,
            "What is paid on arrival counts in full. Only what comes after it is discounted.",
        ),
        Mistake(
            "the reward is that of the state one leaves",
            _pay_of_leaving,
            "R(s') belongs to the state arrived in: it stands inside the sum.",
        ),
        Mistake(
            "a sweep reads values that it has just written",
            _in_place,
            "Take all values from before the sweep, and put the new ones in a new array.",
        ),
    ),
    tolerance=1e-4,
)

# 21.2: what a spaceship is worth to a planner.


def _planned(second, common, best=lambda second: second.max(axis=1)):
    first, other = best(np.asarray(second))
    return [common * first + (1 - common) * other, (1 - common) * first + common * other]


def _columns(second, common):
    return _planned(np.asarray(second).T, common)


def _swapped(second, common):
    return _planned(second, 1 - common)


def _mean_alien(second, common):
    return _planned(second, common, lambda second: second.mean(axis=1))


def _sum_of_aliens(second, common):
    return _planned(second, common, lambda second: second.sum(axis=1))


def _common_only(second, common):
    return list(common * np.asarray(second).max(axis=1))


def _always_common(second, common):
    return list(np.asarray(second).max(axis=1))


PLANNED = Exercise(
    number="21.2",
    reference=_planned,
    cases=lambda: [
        (np.array([[0.2, 0.7], [0.4, 0.1]]), 0.7),
        (np.array([[0.9, 0.3], [0.5, 0.6]]), 0.8),
    ],
    hint="First the best alien of each planet, then a mean of the two, weighted by where the ship flies.",
    mistakes=(
        Mistake("common and rare are swapped", _swapped, "Spaceship 0 commonly flies to planet 1."),
        Mistake("it is the mean of the aliens", _mean_alien, "On the planet she takes the better one."),
        Mistake("it is the sum of the aliens", _sum_of_aliens, "She takes one alien, and the better one."),
        Mistake("the rare transition is left out", _common_only, "Where does the spaceship fly otherwise?"),
        Mistake("every transition is common", _always_common, "A spaceship flies elsewhere at times."),
        Mistake("rows and columns are swapped", _columns, "A row of `second` is a planet."),
    ),
)

# 21.3: the interaction of stays.


def _crossed(stay, common, paid, signs=(1, -1, -1, 1)):
    cases = [(p, c) for p in (True, False) for c in (True, False)]
    shares = [stay[(paid == p) & (common == c)].mean() for p, c in cases]
    return float(np.dot(signs, shares))


def _trials(first, planet, reward):
    """Stays, and whether the trial before was common and paid."""
    first, planet, reward = (np.asarray(x) for x in (first, planet, reward))
    common, paid = planet == first + 1, reward == 1
    return first[1:] == first[:-1], common[:-1], paid[:-1]


def _crossing(first, planet, reward):
    return _crossed(*_trials(first, planet, reward))


def _same_trial(first, planet, reward):
    first, planet, reward = (np.asarray(x) for x in (first, planet, reward))
    common, paid = planet == first + 1, reward == 1
    return _crossed(first[1:] == first[:-1], common[1:], paid[1:])


def _by_planet(first, planet, reward):
    stay, _, paid = _trials(first, planet, reward)
    return _crossed(stay, np.asarray(planet)[:-1] == 1, paid)


def _effect_of_reward(first, planet, reward):
    return _crossed(*_trials(first, planet, reward), signs=(1, 1, -1, -1))


def _effect_of_transition(first, planet, reward):
    return _crossed(*_trials(first, planet, reward), signs=(1, -1, 1, -1))


def _after_reward_alone(first, planet, reward):
    return _crossed(*_trials(first, planet, reward), signs=(1, -1, 0, 0))


def _person(seed, n_trials):
    """A person's trials: she repeats more often than not, and more after what was paid."""
    rng = np.random.default_rng(seed)
    first = np.zeros(n_trials, int)
    planet, reward = np.zeros(n_trials, int), rng.integers(0, 2, n_trials)
    for t in range(n_trials):
        if t:
            stays = rng.uniform() < 0.5 + 0.3 * reward[t - 1]
            first[t] = first[t - 1] if stays else 1 - first[t - 1]
        planet[t] = first[t] + 1 if rng.uniform() < 0.7 else 2 - first[t]
    return first, planet, reward


CROSSING = Exercise(
    number="21.3",
    reference=_crossing,
    cases=lambda: [_person(4, 80), _person(5, 61)],
    hint="Two arrays that are one trial shorter: whether she stayed, and what had happened the trial before.",
    mistakes=(
        Mistake(
            "stays are sorted by what came of the same trial",
            _same_trial,
            "A choice can only depend on the trial before: all but the last of them.",
        ),
        Mistake(
            "the planet stands in the place of the transition",
            _by_planet,
            "Planet 2 is common, too, if spaceship 1 was taken.",
        ),
        Mistake(
            "this is the effect of the reward", _effect_of_reward, "It is to be a difference of differences."
        ),
        Mistake(
            "this is the effect of the transition",
            _effect_of_transition,
            "After no reward the difference is subtracted.",
        ),
        Mistake("the trials without reward are left out", _after_reward_alone, "There are four cases."),
        Mistake(
            "the sign is turned round, or switches are counted",
            lambda first, planet, reward: -_crossing(first, planet, reward),
            "It is above 0 for a planner, and a stay is a choice that is the same as the one before.",
        ),
    ),
)

EXERCISES = (VALUE_OF, PLANNED, CROSSING)
