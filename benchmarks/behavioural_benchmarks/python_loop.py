"""The program that most of us write first: NumPy on one trial of one subject, in two loops."""

import numpy as np


def softmax(value, temperature):
    weight = np.exp((value - value.max()) / temperature)
    return weight / weight.sum()


def choose(uniform, choice_p):
    choice = np.searchsorted(np.cumsum(choice_p), uniform, side="right")
    return min(choice, len(choice_p) - 1)  # the last piece may end at 0.9999999


def update(value, choice, outcome, alpha_p, alpha_n):
    error = np.zeros_like(value)
    error[choice] = outcome[choice] - value[choice]
    return value + np.where(error > 0, alpha_p, alpha_n) * error, error


def python_loop(outcomes, alpha_p, alpha_n, temperature, uniforms):
    (n_subjects, n_trials), n_actions = uniforms.shape, outcomes.shape[1]
    values, choice_p, errors = np.zeros((3, n_subjects, n_trials, n_actions))
    choices = np.zeros((n_subjects, n_trials), dtype=int)
    for s in range(n_subjects):
        value = np.full(n_actions, 0.5)
        for t in range(n_trials):
            values[s, t] = value
            choice_p[s, t] = softmax(value, temperature[s])
            choices[s, t] = choose(uniforms[s, t], choice_p[s, t])
            value, errors[s, t] = update(value, choices[s, t], outcomes[t], alpha_p[s], alpha_n[s])
    return values, choice_p, choices, errors
