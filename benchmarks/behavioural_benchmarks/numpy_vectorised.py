"""NumPy on all subjects at once, and a loop over trials."""

import numpy as np


def numpy_vectorised(outcomes, alpha_p, alpha_n, temperature, uniforms):
    (n_subjects, n_trials), n_actions = uniforms.shape, outcomes.shape[1]
    values, choice_p, errors = np.zeros((3, n_subjects, n_trials, n_actions), dtype=np.float32)
    choices = np.zeros((n_subjects, n_trials), dtype=np.int32)
    value = np.full((n_subjects, n_actions), 0.5, dtype=np.float32)
    everyone = np.arange(n_subjects)
    for t in range(n_trials):
        weight = np.exp((value - value.max(axis=1, keepdims=True)) / temperature[:, None])
        p = weight / weight.sum(axis=1, keepdims=True)
        choice = (uniforms[:, t, None] >= p.cumsum(axis=1)).sum(axis=1)
        choice = np.minimum(choice, n_actions - 1)  # the last piece may end at 0.9999999
        error = outcomes[t, choice] - value[everyone, choice]
        values[:, t], choice_p[:, t], choices[:, t] = value, p, choice
        errors[everyone, t, choice] = error
        value[everyone, choice] += np.where(error > 0, alpha_p, alpha_n) * error
    return values, choice_p, choices, errors
