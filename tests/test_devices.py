"""Subjects spread over several devices and over two processes: the same numbers as on one device.

JAX fixes the number of its devices when it starts, so each case runs tests/on_devices.py anew.
"""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("on_devices.py")
# Warnings are errors there too, but for what JAX's own communication prints, and for the one of which
# tests/conftest.py tells.
WARNINGS = ["-W", "error", "-W", "ignore:Error reading persistent compilation cache"]
COMMAND = [sys.executable, *WARNINGS, str(SCRIPT)]


def finish(process: subprocess.Popen) -> str:
    """The last line that a process prints; its errors, if it fails."""
    try:
        out, errors = process.communicate(timeout=300)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert process.returncode == 0, errors
    return out.splitlines()[-1]


def start(*arguments: int) -> subprocess.Popen:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("n_devices", [2, 8])
def test_on_several_devices(n_devices):
    assert finish(start(n_devices)) == f"{n_devices} devices refused"


@pytest.mark.slow
def test_across_two_processes():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = [start(2, rank, port) for rank in (0, 1)]
    lines = [finish(process) for process in processes]
    # The bad parameter is among the last subjects, which the second process holds.
    assert lines == ["4 devices accepted", "4 devices refused"]
