"""What one test has compiled, the next need not: JAX keeps it in the folder that tests/conftest.py names."""

import os
import secrets
from pathlib import Path

import jax
import numpy as np
import pytest

FOLDER = Path(os.environ["JAX_COMPILATION_CACHE_DIR"])

pytestmark = pytest.mark.skipif(
    not jax.config.jax_enable_compilation_cache, reason="JAX is told to keep nothing that it compiles"
)


def stored(name: str) -> list[Path]:
    return list(FOLDER.glob(f"jit_{name}-*-cache"))


def made_anew(name: str):
    """The same program each time, which this process nevertheless has never seen."""

    def program(x):
        return 2 * x + 1

    program.__name__ = name
    return jax.jit(program)


def test_a_program_is_stored_and_half_a_one_is_compiled_anew():
    name = f"program_{secrets.token_hex(8)}"
    assert made_anew(name)(np.float32(1)) == 3
    (file,) = stored(name)
    assert made_anew(name)(np.float32(2)) == 5
    assert stored(name) == [file]
    # As another process finds it that comes while this one is writing.
    file.write_bytes(file.read_bytes()[:100])
    with pytest.warns(UserWarning, match="^Error reading persistent compilation cache"):
        assert made_anew(name)(np.float32(3)) == 7
    file.unlink()
