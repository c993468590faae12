"""Install from the folder wheels, without a network, and open the notebooks: `python start.py`.

The second time it opens the notebooks at once. `python start.py --only-install` does not open them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import check_machine

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
# The folder is written into it: a folder that has moved installs anew.
DONE = VENV / "installed.txt"
LAB = ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]


def install() -> None:
    print("Installing (some minutes, once)", flush=True)
    shutil.rmtree(str(VENV), ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    pip += ["--find-links", str(HERE / "wheels"), "--requirement"]
    subprocess.run([*pip, str(HERE / "requirements.txt")], check=True)
    # Of these only files are read: what they depend on is not here.
    subprocess.run([*pip, str(HERE / "data.txt"), "--no-deps"], check=True)
    DONE.write_text(str(HERE), encoding="utf-8")


def main() -> int:
    if not DONE.is_file() or DONE.read_text(encoding="utf-8") != str(HERE):
        if check_machine.main():
            return 1
        install()
    if "--only-install" in sys.argv[1:]:
        print("Installed. `python start.py` opens the notebooks.")
        return 0
    return subprocess.run([str(PYTHON), "-m", "jupyterlab", *LAB, str(HERE / "notebooks")]).returncode


if __name__ == "__main__":
    sys.exit(main())
