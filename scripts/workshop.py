"""Put the course for a room without a network into one zip.

    make workshop PLATFORM=windows PYTHON_VERSION=3.13
    python scripts/course.py workshop --platform windows --python 3.13

The zip holds the built site, the notebooks, the wheels of all that the notebooks need on that system
(whatever system this runs on), a check of the machine, a start, and a page that says what to do.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path
from typing import NamedTuple

import locking
import machine

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
# Beside the package and its extra `course`: the program that opens the notebooks.
OPENS = "jupyterlab"
# Installed, the wheels take some three times as much; and something to spare.
UNPACKED, SPARE = 4, 200_000_000


class System(NamedTuple):
    """A system to make a zip for: its tags for pip, its processor, and how Python is started there."""

    tags: tuple[str, ...]
    processor: str
    command: str


OF_LINUX = ("2014", "_2_17", "_2_24", "_2_26", "_2_27", "_2_28", "_2_31", "_2_34")
SYSTEMS = {
    "windows": System(("win_amd64",), "x86_64", "py -{}"),
    "macos": System(("macosx_14_0_arm64",), "arm64", "python{}"),  # and all that are older, as pip reads it
    "linux": System(tuple(f"manylinux{name}_x86_64" for name in OF_LINUX), "x86_64", "python{}"),
}


def requirements(platform: str, version: str) -> list[str]:
    """name==version of all that the notebooks need there; nothing that only building and testing needs."""
    what = ["pyproject.toml", "--extra=course"]
    return locking.resolved(what, platform, version, "constraints.txt", given=OPENS + "\n")


def download_command(platform: str, version: str, listed: Path, folder: Path) -> list[str]:
    """pip's command for another system's wheels; it would look up the dependencies of this one."""
    tags = [part for tag in SYSTEMS[platform].tags for part in ("--platform", tag)]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", version, *tags]
    return [*command, "--requirement", str(listed), "--dest", str(folder)]


def fetch(platform: str, version: str, folder: Path) -> None:
    """Put the wheels, ours among them, and the lists of them into the folder of the zip."""
    listed, wheels = folder / "requirements.txt", folder / "wheels"
    listed.write_text("\n".join(requirements(platform, version)) + "\n", encoding="utf-8")
    subprocess.run(download_command(platform, version, listed, wheels), check=True)
    build(wheels, str(ROOT))
    with listed.open("a", encoding="utf-8") as file:
        file.write("behavioural-modelling\n")
    build(wheels, "--constraint", str(ROOT / "constraints.txt"), "--group", f"{ROOT / 'pyproject.toml'}:data")
    (folder / "data.txt").write_text("\n".join(data_packages()) + "\n", encoding="utf-8")


def build(wheels: Path, *what: str) -> None:
    """Put wheels into a folder, without those of what they depend on; they fit any system."""
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--wheel-dir", str(wheels), *what], check=True)


def data_packages() -> list[str]:
    """The packages that are installed for their files alone."""
    described = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return described["dependency-groups"]["data"]


def fill(platform: str, version: str, folder: Path) -> None:
    """Put all but the wheels into the folder: site, notebooks, the programs and the page."""
    shutil.copytree(SITE, folder / "site", ignore=shutil.ignore_patterns("*.ipynb", ".buildinfo"))
    (folder / "notebooks").mkdir()
    for notebook in sorted((ROOT / "book").glob("*.ipynb")):
        shutil.copy(notebook, folder / "notebooks")
    files = ROOT / "scripts" / "workshop_files"
    for program in (ROOT / "scripts" / "machine.py", files / "check_machine.py", files / "start.py"):
        shutil.copy(program, folder)
    system = SYSTEMS[platform]
    names = {"platform": platform, "python": version, "processor": system.processor}
    page = (files / "START-HERE.md").read_text(encoding="utf-8")
    page = page.format(**names, command=system.command.format(version))
    (folder / "START-HERE.md").write_text(page, encoding="utf-8")


def describe(platform: str, version: str, folder: Path) -> None:
    """Write workshop.json, which the check of the machine reads."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    size = sum(wheel.stat().st_size for wheel in (folder / "wheels").glob("*.whl"))
    made = {"platform": platform, "python": version, "processor": SYSTEMS[platform].processor}
    made |= {"needs_bytes": UNPACKED * size + SPARE, "files": files}
    (folder / "workshop.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


def zipped(folder: Path, target: Path) -> None:
    """Pack the folder under its own name; wheels are packed already."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            method = zipfile.ZIP_STORED if path.suffix == ".whl" else zipfile.ZIP_DEFLATED
            file.write(path, path.relative_to(folder.parent), compress_type=method)


def make(platform: str, version: str, out: Path) -> Path:
    """Write the zip for a system and a version of Python; where it lies."""
    if not (SITE / "index.html").is_file():
        raise SystemExit("The site is not built: make book, or python scripts/course.py book, comes first.")
    name = f"behavioural-modelling-{platform}-python{version}"
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / name
        (folder / "wheels").mkdir(parents=True)
        fetch(platform, version, folder)
        fill(platform, version, folder)
        describe(platform, version, folder)
        zipped(folder, out / f"{name}.zip")
    return out / f"{name}.zip"


def version_of(text: str) -> str:
    """A version such as "3.13", of those that the course is for."""
    parts = tuple(int(part) if part.isdigit() else -1 for part in text.split("."))
    if len(parts) != 2 or not machine.OLDEST <= parts <= machine.NEWEST:
        bounds = [".".join(map(str, bound)) for bound in (machine.OLDEST, machine.NEWEST)]
        raise argparse.ArgumentTypeError(f"from {bounds[0]} to {bounds[1]}, such as 3.13; not {text!r}")
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--platform", choices=sorted(SYSTEMS), required=True)
    parser.add_argument("--python", type=version_of, default=machine.ADVISED, metavar="3.13")
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "workshop")
    options = parser.parse_args()
    made = make(options.platform, options.python, options.out)
    print(f"{made}: {made.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
