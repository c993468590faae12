"""JAX as a tutorial shows it: one subject's scan over trials, mapped over subjects."""

from functools import partial

import jax
import jax.numpy as jnp


def one_trial(carry, outcome, alpha_p, alpha_n, temperature):
    value, key = carry
    key, key_choice = jax.random.split(key)
    choice_p = jax.nn.softmax(value / temperature)
    choice = jax.random.choice(key_choice, len(value), p=choice_p)
    error = jax.nn.one_hot(choice, len(value)) * (outcome - value)
    updated = value + jnp.where(error > 0, alpha_p, alpha_n) * error
    return (updated, key), (value, choice_p, choice, error)


def one_subject(outcomes, alpha_p, alpha_n, temperature, key):
    body = partial(one_trial, alpha_p=alpha_p, alpha_n=alpha_n, temperature=temperature)
    start = (jnp.full(outcomes.shape[1], 0.5), key)
    return jax.lax.scan(body, start, outcomes)[1]


textbook_jax = jax.jit(jax.vmap(one_subject, in_axes=(None, 0, 0, 0, 0)))


def uniforms_of_textbook(keys, n_trials):
    """The random numbers that `textbook_jax` picks its choices by, shape (n_subjects, n_trials).

    `jax.random.choice` draws one from the key of each trial, in 32 bits as the probabilities are, and takes 1
    minus it.
    """

    def one_key(key, _):
        key, key_choice = jax.random.split(key)
        return key, 1 - jax.random.uniform(key_choice, dtype=jnp.float32)

    return jax.vmap(lambda key: jax.lax.scan(one_key, key, length=n_trials)[1])(keys)


def one_log_likelihood(params, choices, outcomes):
    def score_trial(value, choice_outcome):
        choice, outcome = choice_outcome
        log_p = jax.nn.log_softmax(value / params["temperature"])[choice]
        error = jax.nn.one_hot(choice, len(value)) * (outcome - value)
        alpha = jnp.where(error > 0, params["alpha_p"], params["alpha_n"])
        return value + alpha * error, log_p

    return jax.lax.scan(score_trial, jnp.full(outcomes.shape[1], 0.5), (choices, outcomes))[1].sum()


textbook_log_likelihood = jax.vmap(one_log_likelihood)
