"""What a reader does with the course, on any system: make the environment, then open, build or test.

    python scripts/course.py lab        open the notebooks in the browser
    python scripts/course.py book       build the site into _build/html
    python scripts/course.py test       run the tests, and every notebook against its stored outputs

On Windows, `py` stands for `python`. The first call installs what is needed into .venv, in some minutes.
`make` calls this file, so that both do the same. What follows the command is handed on:
`lab --no-browser`, `test tests/test_models.py`, `execute book/03-selecting-actions.ipynb`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import machine

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
# Files side by side, each file and notebook in one process, in the order given: notebooks, which take long,
# come first, and pages of the site, which tests/conftest.py sets apart, last.
PARALLEL = "--numprocesses auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder"
LAB = ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
GROUPS = ("dev", "bench", "types", "workshop", "installing")


def tool(name: str, venv: Path = VENV, windows: bool = os.name == "nt") -> Path:
    """A program of an environment."""
    return venv / "Scripts" / f"{name}.exe" if windows else venv / "bin" / name


def run(*command: object) -> None:
    """Run a program in the project's folder; where it fails, end with its exit status."""
    done = subprocess.run([str(part) for part in command], cwd=str(ROOT))
    if done.returncode:
        raise SystemExit(done.returncode)


def python(*arguments: object) -> None:
    """Run the environment's Python."""
    run(tool("python"), *arguments)


def pip(options: argparse.Namespace, *arguments: object) -> None:
    constrain = ["--constraint", options.constraints] if options.constraints else []
    quiet = ["--disable-pip-version-check", "--quiet"]
    command, *rest = arguments
    python("-m", "pip", command, *quiet, *shlex.split(options.pip), *constrain, *rest)


def fingerprint(options: argparse.Namespace, root: Path = ROOT) -> dict:
    """What an environment is made from; another of any of it asks for another installation."""
    names = ["requirements.txt", "pyproject.toml", *([options.constraints] if options.constraints else [])]
    texts = b"\0".join((root / name).read_bytes() for name in names)
    return {"folder": str(root), "files": hashlib.sha256(texts).hexdigest()}


def remembered(venv: Path) -> dict:
    """What the environment was made from, or {} where nobody knows."""
    try:
        return json.loads((venv / ".installed.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def moved_from(venv: Path) -> str:
    """The folder that the environment was made in, where that is another; or ""."""
    before = remembered(venv).get("folder", "")
    config = venv / "pyvenv.cfg"
    if not before and config.is_file():
        # Python notes how it made the environment: "command = /usr/bin/python3 -m venv /its/folder/.venv".
        noted = re.search(r"^command = .* -m venv (?:--\S+ )*(.+)$", config.read_text(encoding="utf-8"), re.M)
        before = str(Path(noted.group(1)).parent) if noted else ""
    return before if before and Path(before).resolve() != venv.parent.resolve() else ""


def works(venv: Path) -> bool:
    """Whether the environment's Python starts and has pip: it may be gone, or older than it was."""
    try:
        asked = [str(tool("python", venv)), "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"]
        return subprocess.run(asked, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def outer_python() -> str:
    """The Python outside any environment: one that is about to be made anew cannot make itself."""
    inside = sys.prefix != sys.base_prefix
    return getattr(sys, "_base_executable", sys.executable) if inside else sys.executable


def install(options: argparse.Namespace, rest: list[str]) -> None:
    """Make .venv what it should be: nothing to do, in most cases."""
    trouble = machine.problem(machine.this_machine())
    if trouble:
        raise SystemExit(trouble)
    before = moved_from(VENV)
    if before:
        print(f"This folder was {before} once, and .venv remembers that: it is made anew.", flush=True)
    if before or not works(VENV):
        shutil.rmtree(str(VENV), ignore_errors=True)
        run(outer_python(), "-m", "venv", VENV)
    if remembered(VENV) == fingerprint(options):
        return
    print("Installing into .venv (a few minutes the first time)", flush=True)
    pip(options, "install", "--upgrade", "pip")
    pip(options, "install", "--upgrade", "--requirement", "requirements.txt", "--group", "dev")
    pip(options, "install", "--upgrade", "--no-deps", "--group", "data")
    (VENV / ".installed.json").write_text(json.dumps(fingerprint(options)), encoding="utf-8")


def book(options: argparse.Namespace, rest: list[str]) -> None:
    """Build the site into _build/html; a warning is an error."""
    try:
        run(tool("jupyter-book"), "build", ".", "-q", "-W", "--keep-going", *rest)
    except SystemExit:
        # A failed build must not leave pages that the next build would take for good ones.
        shutil.rmtree(str(ROOT / "_build" / ".doctrees"), ignore_errors=True)
        raise
    python("scripts/check_site.py")


def pdf(options: argparse.Namespace, rest: list[str]) -> None:
    """Print the whole course into one PDF beside the site."""
    book(options, [])
    python("scripts/make_pdf.py", *rest)


def test(options: argparse.Namespace, rest: list[str]) -> None:
    """Run every notebook against its stored outputs, and the unit tests but for the slow ones."""
    notebooks = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("book/*.ipynb"))
    what = ["--nbval", "--nbval-current-env", "-m", "not slow and not weekly and not workshop"]
    python("-m", "pytest", *shlex.split(options.parallel), *what, *(rest or [*notebooks, "tests"]))


def testslow(options: argparse.Namespace, rest: list[str]) -> None:
    """Run the tests that `test` leaves out: long simulations, solutions, several devices."""
    python("-m", "pytest", *shlex.split(options.parallel), "-m", "slow", *(rest or ["tests"]))


def testweekly(options: argparse.Namespace, rest: list[str]) -> None:
    """Run the tests of every model of the catalogue, which take many minutes."""
    python("-m", "pytest", *shlex.split(options.parallel), "-m", "weekly", *(rest or ["tests"]))


def execute(options: argparse.Namespace, rest: list[str]) -> None:
    """Run the notebooks anew and store their outputs."""
    python("scripts/execute_notebooks.py", *rest)


def lab(options: argparse.Namespace, rest: list[str]) -> None:
    """Open the notebooks in the browser."""
    python("-m", "jupyterlab", *LAB, *rest, "book")


def serve(options: argparse.Namespace, rest: list[str]) -> None:
    """Build the site and show it at a local address until Ctrl-C."""
    book(options, [])
    python("-m", "http.server", "--bind", "127.0.0.1", "--directory", "_build/html", *(rest or ["8000"]))


def wheels(options: argparse.Namespace, rest: list[str]) -> None:
    """Fetch all that an installation needs into wheels/, to install without a network."""
    groups = [part for name in GROUPS for part in ("--group", name)]
    pip(options, "wheel", "--wheel-dir", "wheels", "--requirement", "requirements.txt", *groups, *rest)
    pip(options, "wheel", "--wheel-dir", "wheels", "--no-deps", "--group", "data", *rest)
    print('Without a network: python scripts/course.py --pip="--no-index --find-links wheels" lab')


def workshop(options: argparse.Namespace, rest: list[str]) -> None:
    """Put the course for a room without a network into one zip: workshop --platform windows --python 3.13."""
    pip(options, "install", "--group", "workshop")
    book(options, [])
    python("scripts/workshop.py", *rest)


COMMANDS = (install, book, pdf, test, testslow, testweekly, execute, lab, serve, wheels, workshop)


def parsed(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """The options, the command among them, and what is handed on."""
    parser = argparse.ArgumentParser(
        prog="course.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--constraints", default="constraints.txt", help='exact versions; "" for the newest releases')
    add("--pip", default="", help='more for pip, such as --pip="--no-index --find-links wheels"')
    add("--parallel", default=PARALLEL, help="how the tests share the processor")
    names = [command.__name__ for command in COMMANDS]
    add("command", choices=names, help=", ".join(names))
    add("rest", nargs=argparse.REMAINDER, help="handed on to the program that the command starts")
    options = parser.parse_args(arguments)
    return options, options.rest


def main() -> None:
    options, rest = parsed(sys.argv[1:])
    install(options, [])
    if options.command != "install":
        next(command for command in COMMANDS if command.__name__ == options.command)(options, rest)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
