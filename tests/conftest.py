"""Fixtures that several test files share, and where the tests keep what JAX has compiled."""

import logging
import os
import platform
import time
from pathlib import Path

# JAX reads these when it is imported: here, in the notebooks' kernels and in what the tests start.
# A folder for each machine, since programs are compiled for its processor; `make clean` removes all.
COMPILED = Path(__file__).resolve().parent.parent / ".pytest_cache" / "compiled" / platform.node()
COMPILED = Path(os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(COMPILED)))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
# Of a program that another process is just storing, JAX warns, and compiles it itself.
os.environ.setdefault("PYTHONWARNINGS", "ignore:Error reading persistent compilation cache")

import jax  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402

pytest_plugins = ["site_browser"]


def pytest_configure(config):
    """Remove programs that were stored a month ago; once, not in every worker."""
    if not hasattr(config, "workerinput"):
        for program in COMPILED.glob("*-cache"):
            if program.stat().st_mtime < time.time() - 30 * 24 * 3600:
                program.unlink(missing_ok=True)


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
