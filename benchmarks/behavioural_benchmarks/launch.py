"""Start `several_hosts.py` as if this machine were several: one process for each."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("several_hosts.py")


def on_this_machine(n_hosts: int = 2) -> list[str]:
    """What the processes print, in order; they talk to each other within this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, str(SCRIPT), address, str(n_hosts)]
    # On the CPU: two processes cannot have the same GPU.
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    how["env"] = {**os.environ, "JAX_PLATFORMS": "cpu"}
    processes = [subprocess.Popen([*command, str(host)], **how) for host in range(n_hosts)]
    printed = []
    for process in processes:
        out, errors = process.communicate(timeout=300)
        if process.returncode:
            raise RuntimeError(errors)
        printed.append(out.splitlines()[-1])  # before it, JAX says that they are connected
    return printed
