"""Exact versions for all systems and Pythons of the course, by uv: what `make constraints` writes.

The versions are those that the oldest Python can have, as one list is to hold for all. `python -m pip install
--group workshop` brings uv.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = "3.11.0"
# As uv calls them.
PLATFORMS = {
    "linux": "x86_64-unknown-linux-gnu",
    "windows": "x86_64-pc-windows-msvc",
    "macos": "aarch64-apple-darwin",
}
GROUPS = ("dev", "bench", "types", "workshop", "installing")
EVERYTHING = ["requirements.txt", *(f"--group={name}" for name in GROUPS)]
# What is installed for its files alone.
DATA = ["--group=data", "--no-deps"]
HEAD = "# Exact versions of a working environment from Python 3.11.0 on, written by 'make constraints'.\n"


def resolved(
    what: list[str], platform: str, version: str, constraints: str = "", given: str = ""
) -> list[str]:
    """The lines name==version that `what`, and the requirements `given`, come to on a system and a Python.

    Args:
        what: Files of requirements and options, as `uv pip compile` takes them.
        platform: "linux", "windows" or "macos".
        version: The version of Python, such as "3.13".
        constraints: A file of exact versions, or "" for the newest.
        given: More requirements, a line each.
    """
    constrain = ["--constraint", constraints] if constraints else []
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate"]
    command += ["--python-platform", PLATFORMS[platform], "--python-version", version, *constrain, *what]
    command += ["-"] if given else []
    done = subprocess.run(command, cwd=ROOT, input=given, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"For {platform} and Python {version}:\n{done.stderr}")
    return [line for line in done.stdout.splitlines() if re.match(r"[\w.-]+==", line)]


def merged(lists: list[list[str]]) -> list[str]:
    """The lines of all lists; a package with two versions cannot be pinned and is refused."""
    lines = sorted(set().union(*lists), key=str.lower)
    names = [line.split("==")[0] for line in lines]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SystemExit(f"The systems need different versions of {', '.join(twice)}.")
    return lines


def with_data(lines: list[str], data: list[str]) -> list[str]:
    """The lines with those of data added, where what the others depend on has not settled the version."""
    named = {line.split("==")[0] for line in lines}
    return merged([lines, [line for line in data if line.split("==")[0] not in named]])


def main() -> None:
    lines = merged([resolved(EVERYTHING, platform, OLDEST) for platform in PLATFORMS])
    lines = with_data(lines, resolved(DATA, "linux", OLDEST))
    (ROOT / "constraints.txt").write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
