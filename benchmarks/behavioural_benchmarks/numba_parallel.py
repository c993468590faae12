"""The loop compiled by Numba, with the subjects spread over the processor's cores."""

from functools import cache

import numpy as np


def why_no_numba() -> str:
    """Why the opponent cannot run here; nothing if it can."""
    try:
        import numba  # noqa: F401
    except ImportError:
        return "is not installed"
    return ""


@cache
def _compiled():
    """The compiled loop over subjects; Numba is imported where it is called."""
    from numba import njit, prange

    @njit(parallel=True, fastmath=True)
    def all_subjects(outcomes, alpha_p, alpha_n, temperature, uniforms, values, choice_p, choices, errors):
        (n_subjects, n_trials), n_actions = uniforms.shape, outcomes.shape[1]
        for s in prange(n_subjects):
            value = np.full(n_actions, np.float32(0.5))
            weight = np.empty(n_actions, dtype=np.float32)
            for t in range(n_trials):
                best, total, end = value.max(), np.float32(0), np.float32(0)
                for a in range(n_actions):
                    weight[a] = np.exp((value[a] - best) / temperature[s])
                    total += weight[a]
                choice = -1
                for a in range(n_actions):
                    values[s, t, a], choice_p[s, t, a], errors[s, t, a] = value[a], weight[a] / total, 0
                    end += choice_p[s, t, a]
                    if choice < 0 and uniforms[s, t] < end:
                        choice = a
                choice = n_actions - 1 if choice < 0 else choice
                error = outcomes[t, choice] - value[choice]
                value[choice] += (alpha_p[s] if error > 0 else alpha_n[s]) * error
                choices[s, t], errors[s, t, choice] = choice, error

    return all_subjects


def numba_parallel(outcomes, alpha_p, alpha_n, temperature, uniforms):
    shape = (*uniforms.shape, outcomes.shape[1])
    values, choice_p, errors = (np.empty(shape, dtype=np.float32) for _ in range(3))
    choices = np.empty(uniforms.shape, dtype=np.int32)
    arrays = (outcomes, alpha_p, alpha_n, temperature, uniforms, values, choice_p, choices, errors)
    _compiled()(*arrays)
    return values, choice_p, choices, errors
