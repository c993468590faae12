"""Chapter 7: memory, blocks of unequal size, and a key for each block."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np

from .exercise import Exercise, Mistake

__all__ = ["EXERCISES"]

EVERYTHING = ("values", "choice_p", "choices", "prediction_errors")

# 7.1: how many megabytes a record has.


def _numbers(n_subjects, n_trials, n_actions, record):
    per_trial = sum(1 if name == "choices" else n_actions for name in record)
    return n_subjects * n_trials * per_trial


def _megabytes(n_subjects, n_trials, n_actions, record):
    return _numbers(n_subjects, n_trials, n_actions, record) * 4 / 1e6


def _all_per_action(n_subjects, n_trials, n_actions, record):
    return n_subjects * n_trials * n_actions * len(record) * 4 / 1e6


def _one_per_trial(n_subjects, n_trials, n_actions, record):
    return n_subjects * n_trials * len(record) * 4 / 1e6


def _whatever_the_record(n_subjects, n_trials, n_actions, record):
    return _megabytes(n_subjects, n_trials, n_actions, EVERYTHING)


MEMORY = Exercise(
    number="7.1",
    reference=_megabytes,
    cases=lambda: [
        (20_000, 50, 3, ("values",)),
        (4_000, 250, 4, ("choices", "prediction_errors")),
        (2_000, 80, 6, EVERYTHING),
    ],
    hint="Count the numbers per trial, then the trials and the subjects, then the bytes.",
    mistakes=(
        Mistake(
            "choices are counted once per action",
            _all_per_action,
            "A trial has one choice, however many actions there are.",
        ),
        Mistake(
            "every name counts one number per trial",
            _one_per_trial,
            "Which of the names have one number per action?",
        ),
        Mistake(
            "all four arrays are counted, whatever is asked for",
            _whatever_the_record,
            "`record` names those that are kept.",
        ),
        Mistake(
            "numbers are counted, not bytes",
            lambda *sizes: _numbers(*sizes) / 1e6,
            "How many bytes has a number?",
        ),
        Mistake("these are bytes", lambda *sizes: _numbers(*sizes) * 4, "Megabytes were asked for."),
        Mistake(
            "a number has eight bytes here",
            lambda *sizes: 2 * _megabytes(*sizes),
            "JAX computes with 32 bits, unless told otherwise.",
        ),
        Mistake(
            "a megabyte has 1024 times 1024 bytes here",
            lambda *sizes: _numbers(*sizes) * 4 / 2**20,
            "A million bytes are meant.",
        ),
    ),
)

# 7.2: a mean over blocks.


def _mean_over_all(means, sizes):
    return np.average(means, weights=sizes)


BLOCKS = Exercise(
    number="7.2",
    reference=_mean_over_all,
    cases=lambda: [
        (np.array([0.1, 0.3]), np.array([30_000, 10_000])),
        (np.array([0.6, 0.2, 0.5, 0.4]), np.array([8_000, 2_000, 5_000, 1_000])),
    ],
    hint="How many subjects stand behind each mean?",
    mistakes=(
        Mistake(
            "every block counts the same",
            lambda means, sizes: np.mean(means),
            "A block should count as often as it has subjects.",
        ),
        Mistake(
            "this is the sum over all subjects",
            lambda means, sizes: (means * sizes).sum(),
            "A mean is a sum divided by how many there are.",
        ),
        Mistake(
            "the sum is divided by the number of blocks",
            lambda means, sizes: (means * sizes).mean(),
            "Over how many subjects is the mean to be taken?",
        ),
        Mistake(
            "small blocks count more than large ones",
            lambda means, sizes: np.average(means, weights=1 / sizes),
            "A block should count as often as it has subjects.",
        ),
        Mistake(
            "each block has an answer of its own here",
            lambda means, sizes: means * sizes / sizes.sum(),
            "These are the parts of one number: what is left to do?",
        ),
    ),
)

# 7.3: a key for each block.


def _block_maker(probabilities):
    def one_block(key):
        return jax.random.choice(key, len(probabilities), (400, 50), p=jnp.array(probabilities))

    return one_block


def _two_blocks(one_block, key):
    first, second = map(one_block, jax.random.split(key))
    return (first == second).mean()


def _one_key(one_block, key):
    return (one_block(key) == one_block(key)).mean()


def _different(one_block, key):
    return 1 - _two_blocks(one_block, key)


def _how_many(one_block, key):
    return _two_blocks(one_block, key) * 400 * 50


def _per_trial(one_block, key):
    first, second = map(one_block, jax.random.split(key))
    return (first == second).mean(axis=0)


def _per_subject(one_block, key):
    first, second = map(one_block, jax.random.split(key))
    return (first == second).mean(axis=1)


TWO_BLOCKS = Exercise(
    number="7.3",
    reference=_two_blocks,
    # 20,000 choices: the standard error of a share is at most .0035, of the difference of two .005.
    cases=lambda: [
        (_block_maker((0.5, 0.2, 0.2, 0.1)), jax.random.key(11)),
        (_block_maker((0.2, 0.2, 0.6)), jax.random.key(12)),
    ],
    hint="jax.random.split(key) gives two keys; then compare the two blocks, entry by entry.",
    tolerance=6 * math.sqrt(0.5) / math.sqrt(20_000),
    mistakes=(
        Mistake(
            "both blocks have one key, so they are the same people",
            _one_key,
            "Which key does each block get?",
        ),
        Mistake(
            "this is the share of choices that differ",
            _different,
            "The share that is the same was asked for.",
        ),
        Mistake("this is how many are the same", _how_many, "A share is between 0 and 1."),
        Mistake(
            "there is one share per trial",
            _per_trial,
            "One number over all subjects and trials was asked for.",
        ),
        Mistake(
            "there is one share per subject",
            _per_subject,
            "One number over all subjects and trials was asked for.",
        ),
    ),
)

EXERCISES = (MEMORY, BLOCKS, TWO_BLOCKS)
