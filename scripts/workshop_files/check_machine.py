"""Names what is missing on this machine before the workshop: `python check_machine.py`. It changes nothing.

Standard library only, for any Python 3.7 or newer: an old one is to be told that it is old.
"""

from __future__ import annotations

import json
import platform
import shutil
import sys
from pathlib import Path

import machine

HERE = Path(__file__).resolve().parent
SYSTEMS = {"Windows": "windows", "Darwin": "macos", "Linux": "linux"}
# Windows knows no path of more than 260 characters; the environment's longest has some 170.
LONGEST_FOLDER = 80


def problems(here: Path, found: machine.Machine, free: int) -> list[str]:
    """All that is wrong: with the machine, its Python, the room on its disk, and what was unpacked."""
    try:
        made = json.loads((here / "workshop.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return [f"workshop.json is not in {here}: unpack the whole zip, and start this file there."]
    said = [machine.problem(found), wrong_python(made, found), wrong_system(made, found)]
    missing = [name for name in made["files"] if not (here / name).is_file()]
    if missing:
        said.append(f"{len(missing)} files are missing, {missing[0]} among them: unpack the zip once more.")
    elif not (here / ".venv").is_dir() and free < made["needs_bytes"]:
        needed = made["needs_bytes"] / 1e9
        said.append(f"{needed:.1f} GB of disk are needed, and {free / 1e9:.1f} GB are free.")
    if found.system == "Windows" and len(str(here)) > LONGEST_FOLDER:
        said.append(f"The folder's path is too long for Windows: move it to C:\\course, say. It is {here}")
    return [words for words in said if words]


def wrong_python(made: dict, found: machine.Machine) -> str:
    have = ".".join(map(str, found.version[:2]))
    if have == made["python"]:
        return ""
    return f"This is Python {have}, and the packages are for Python {made['python']}: start with that one."


def wrong_system(made: dict, found: machine.Machine) -> str:
    have = SYSTEMS.get(found.system, found.system), found.processor.lower().replace("amd64", "x86_64")
    if have == (made["platform"], made["processor"]):
        return ""
    wanted = f"{made['platform']} {made['processor']}"
    return f"This machine is {' '.join(have)}, and the packages are for {wanted}."


def main() -> int:
    said = problems(HERE, machine.this_machine(), shutil.disk_usage(str(HERE)).free)
    for words in said:
        print("- " + words)
    good = f"All is well: Python {platform.python_version()} on {platform.system()}. Go on with start.py."
    print("\nThis machine is not ready." if said else good)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
