"""Each solution makes its check say "Correct"; the unsolved stub does not, and does not raise.

A file of its own, so that a process may begin with these long tests while another has the short ones.
"""

import json
import subprocess
import sys
from pathlib import Path

import notebook_lint as lint
import pytest
import solutions

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "book").glob("*.ipynb"))
# Warnings are errors there too, but for the one of which tests/conftest.py tells.
WARNINGS = ["-W", "error", "-W", "ignore:Error reading persistent compilation cache"]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_solutions(path):
    command = [sys.executable, *WARNINGS, solutions.__file__, str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    n_exercises = len(list(lint.exercises(json.loads(path.read_text(encoding="utf-8")))))
    assert done.stdout.splitlines()[-1] == f"{n_exercises} exercises"
