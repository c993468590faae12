"""Whether the course can run on this machine, in words.

Standard library only, and nothing newer than Python 3.7, so that an old Python gets as far as being told.
"""

from __future__ import annotations

import importlib.util
import platform
import struct
import subprocess
import sys
from typing import NamedTuple

OLDEST, NEWEST = (3, 11), (3, 14)
"""The Pythons that the course is for; README.md, pyproject.toml and the workflows name the same."""
ADVISED = "3.13"

COLAB = "In Colab the course runs all the same: all that needs is a browser."


class Machine(NamedTuple):
    """What decides whether JAX and the rest can be installed."""

    version: tuple[int, ...] = (3, 13, 0)
    system: str = "Linux"
    processor: str = "x86_64"
    bits: int = 64
    venv: bool = True
    translated: bool = False


def this_machine() -> Machine:
    """The machine and the Python that run this."""
    system, processor = platform.system(), platform.machine()
    venv = all(importlib.util.find_spec(name) is not None for name in ("ensurepip", "venv"))
    bits = 8 * struct.calcsize("P")
    return Machine(tuple(sys.version_info[:3]), system, processor, bits, venv, _translated(system))


def problem(machine: Machine) -> str:
    """Why the course cannot run here and what to do, or ""."""
    version = ".".join(map(str, machine.version))
    oldest, newest = (".".join(map(str, bound)) for bound in (OLDEST, NEWEST))
    if machine.version[:2] < OLDEST:
        return f"Python {oldest} or newer is needed, and this is {version}.\n{_another(machine)}"
    if machine.version[:2] > NEWEST:
        reason = f"This is Python {version}, and the newest that the course is tested with is {newest}."
        return f"{reason} Not all packages have a release for a newer one yet.\n{_another(machine)}"
    if machine.bits != 64:
        return f"This Python is a 32-bit one, and JAX has 64-bit releases only.\n{_another(machine)}"
    if machine.system == "Darwin" and machine.processor == "x86_64":
        return _intel_mac(machine.translated)
    if machine.system == "Windows" and machine.processor.upper() == "ARM64":
        return (
            'JAX has no release for Windows on ARM. Install the Python for x86-64 ("Windows installer '
            f'(64-bit)"), which runs there as well. {COLAB}'
        )
    if not machine.venv:
        return (
            "This Python cannot make environments: its modules venv and ensurepip are missing.\n"
            "On Debian and Ubuntu: sudo apt install python3-venv"
        )
    return ""


def _intel_mac(translated: bool) -> str:
    if translated:
        return (
            "This Mac has an Apple chip, but its Python is one for Intel, for which JAX has no release.\n"
            'Install a Python for Apple silicon ("universal2"), and open a terminal without Rosetta.'
        )
    return (
        "JAX has had no release for Macs with an Intel processor since 0.4.38, and the course needs 0.5.\n"
        + COLAB
    )


def _another(machine: Machine) -> str:
    """How to get another Python, and to start it."""
    start = f"py -{ADVISED}" if machine.system == "Windows" else f"python{ADVISED}"
    with_make = "" if machine.system == "Windows" else f" (with make: make PYTHON={start} ...)"
    return (
        f"Install Python {ADVISED} and begin the command with its name, {start}{with_make}.\n"
        f"With uv: uv run --no-project --python {ADVISED} and then the command."
    )


def _translated(system: str) -> bool:
    """Whether an Apple chip runs this as a program for Intel."""
    if system != "Darwin":
        return False
    asked = subprocess.run(["sysctl", "-n", "sysctl.proc_translated"], stdout=subprocess.PIPE)
    return asked.stdout.strip() == b"1"
