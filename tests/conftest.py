"""Fixtures that several test files share."""

import logging

import jax
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
