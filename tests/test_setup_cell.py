"""The first cell of every notebook: what it does where the package is there, missing, or another one."""

import importlib.metadata
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
from setup_cell import setup_cell  # noqa: E402

ADDRESS = "https://github.com/ada/lab-course"
# In place of pip: it writes down what it is asked for, and either "installs" the package or fails.
PIP = """
import pathlib, sys
here = pathlib.Path(__file__).parent
with open(here / "asked.txt", "a") as asked:
    print(*sys.argv[1:], sep="|", file=asked)
if (here / "fail").exists():
    sys.exit("no such repository")
package = here / "behavioural_modelling"
package.mkdir(exist_ok=True)
(package / "__init__.py").write_text("def show_versions(): print('shown')")
(package / "exercises.py").write_text("")
"""
NAMESAKE = {"behavioural_modelling/__init__.py": "def show_versions(): print('of another')"}
BROKEN = {"behavioural_modelling/__init__.py": "import a_package_that_is_missing"}


def run(folder: Path, url: str | None, files: dict[str, str]) -> subprocess.CompletedProcess:
    """The cell in a fresh Python without site-packages, in a folder that holds these files."""
    for name, content in {"pip.py": PIP, "cell.py": setup_cell(url), **files}.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    # -S: what is installed is out of reach; the folder of the script comes first on the path.
    command = [sys.executable, "-S", "cell.py"]
    # The cell starts `python -m pip` with a Python that sees the folder: the working directory.
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


def asked(folder: Path) -> list[str]:
    path = folder / "asked.txt"
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize("url", [None, ADDRESS])
def test_where_the_package_is_nothing_is_installed(tmp_path, url):
    here = NAMESAKE | {"behavioural_modelling/exercises.py": ""}
    done = run(tmp_path, url, here)
    assert (done.returncode, done.stdout, asked(tmp_path)) == (0, "of another\n", [])


def test_where_it_is_missing_it_is_installed_quietly(tmp_path):
    done = run(tmp_path, ADDRESS, {})
    assert (done.returncode, done.stdout, done.stderr) == (0, "shown\n", "")
    first, second = asked(tmp_path)
    assert f"behavioural-modelling[course] @ git+{ADDRESS}" in first.split("|")
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["data"]
    assert second.split("|") == ["install", "--quiet", "--no-deps", *data]


def test_what_is_there_is_named_so_that_pip_leaves_it_alone(tmp_path):
    version = importlib.metadata.version("jax")
    metadata = f"Metadata-Version: 2.1\nName: jax\nVersion: {version}\n"
    run(tmp_path, ADDRESS, {"jax-1.dist-info/METADATA": metadata})
    assert f"jax=={version}" in asked(tmp_path)[0].split("|")
    assert "pandas" not in asked(tmp_path)[0]


def test_an_installation_that_fails_stops_the_cell(tmp_path):
    done = run(tmp_path, ADDRESS, {"fail": ""})
    assert done.returncode and "The installation failed" in done.stderr
    assert "no such repository" in done.stderr and len(asked(tmp_path)) == 1


@pytest.mark.parametrize("url", [None, ADDRESS])
def test_a_namesake_is_told_in_words(tmp_path, url):
    done = run(tmp_path, url, NAMESAKE)
    assert done.returncode and "another package is called behavioural_modelling" in done.stderr
    assert asked(tmp_path) == []


@pytest.mark.parametrize("url", [None, ADDRESS])
def test_a_part_that_is_missing_is_named(tmp_path, url):
    done = run(tmp_path, url, BROKEN)
    assert "No module named 'a_package_that_is_missing'" in done.stderr and asked(tmp_path) == []


def test_without_an_address_the_cell_says_where_to_look(tmp_path):
    done = run(tmp_path, None, {})
    assert done.returncode and "README.md" in done.stderr and asked(tmp_path) == []


def test_devices_are_left_open_where_a_chapter_sets_them():
    assert "show_versions(device=False)" in setup_cell(ADDRESS, device=False)
    assert "show_versions()" in setup_cell(ADDRESS)
