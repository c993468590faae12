"""Fixtures that several test files share, how the tests compile, and which tests go to the same worker."""

import importlib.metadata
import logging
import os
import platform
import re
import time
from pathlib import Path

# JAX reads these when it is imported: here, in the notebooks' kernels and in what the tests start.
# A folder for each machine, since programs are compiled for its processor; `make clean` removes all.
COMPILED = Path(__file__).resolve().parent.parent / ".pytest_cache" / "compiled" / platform.node()
COMPILED = Path(os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(COMPILED)))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
# Of a program that another process is just storing, JAX warns, and compiles it itself.
os.environ.setdefault("PYTHONWARNINGS", "ignore:Error reading persistent compilation cache")

# A test compiles a program and runs it once: these make compiling twice as fast, and what is compiled a
# little slower. The weekly tests with other versions run without, as does `make execute`: a jaxlib that does
# not know a flag ends the process.
FAST_COMPILING = "--xla_cpu_use_fusion_emitters=false --xla_backend_optimization_level=1"
KNOWS_FLAGS = importlib.metadata.version("jaxlib").startswith("0.10.")
FLAGS = os.environ.get("XLA_FLAGS", "")
if KNOWS_FLAGS and FAST_COMPILING not in FLAGS:  # a worker has them already
    os.environ["XLA_FLAGS"] = f"{FAST_COMPILING} {FLAGS}".strip()

import jax  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402
from xdist.scheduler import LoadScopeScheduling  # noqa: E402

pytest_plugins = ["site_browser"]


def pytest_configure(config):
    """Remove programs that were stored a month ago; once, not in every worker."""
    if not hasattr(config, "workerinput"):
        for program in COMPILED.glob("*-cache"):
            if program.stat().st_mtime < time.time() - 30 * 24 * 3600:
                program.unlink(missing_ok=True)


class OnePageOneWorker(LoadScopeScheduling):
    """Gives a worker all tests of a file, in order; of the built site, all tests of a page."""

    PAGE = re.compile(r"::.*\[(.+)-(light|dark|phone|paper|darkpaper)\]$")

    def _split_scope(self, nodeid: str) -> str:
        page = self.PAGE.search(nodeid)
        return page[1] if page else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config, log):
    return OnePageOneWorker(config, log)


@pytest.fixture(scope="module", autouse=True)
def forgotten():
    """Forget what a file has compiled: gigabytes in the end. What the next one needs too is on the disk."""
    yield
    jax.clear_caches()


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
