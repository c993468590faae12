"""Fixtures that several test files share."""

import logging

import jax
import numpy as np
import pytest


@pytest.fixture
def x64():
    """Switch JAX to float64 for one test."""
    try:
        enable_x64 = jax.enable_x64
    except AttributeError:  # JAX before 0.8
        from jax.experimental import enable_x64
    with enable_x64(True):
        yield


@pytest.fixture(scope="module")
def outcomes():
    """Two arms that pay with probabilities .8 and .2, and change places every 25 trials."""
    better = np.arange(200) // 25 % 2 == np.c_[[0, 1]]
    pays = np.random.default_rng(0).uniform(size=(200, 2)) < np.where(better.T, 0.8, 0.2)
    return pays.astype(np.float32)


class _Compilations(logging.Handler):
    """Keeps what JAX says that it compiles, data transfers and changes of type apart."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def emit(self, record):
        message = record.getMessage()
        transfer = any(name in message[:60] for name in ("(stage)", "convert_element_type"))
        if message.startswith("Compiling") and not transfer:
            self.seen.append(message.split(" with ")[0])


@pytest.fixture
def compilations():
    """The list of what JAX compiles from here to the end of the test; clear it to start anew."""
    handler, logger = _Compilations(), logging.getLogger("jax")
    logger.addHandler(handler)
    with jax.log_compiles():
        yield handler.seen
    logger.removeHandler(handler)
