"""Running the course: refusals in words, the environment, the page about it, and the zip for a workshop."""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "scripts" / "workshop_files")]
import check_machine  # noqa: E402
import course  # noqa: E402
import locking  # noqa: E402
import machine  # noqa: E402
import start  # noqa: E402
import workshop  # noqa: E402

GOOD = machine.Machine()
INSTALL = (ROOT / "book" / "install.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def options(**given):
    return argparse.Namespace(**({"constraints": "constraints.txt", "pip": "", "parallel": ""} | given))


# Machines.


@pytest.mark.parametrize(
    "found",
    [
        GOOD,
        GOOD._replace(version=(3, 11, 0)),
        GOOD._replace(version=(3, 14, 9), system="Darwin", processor="arm64"),
    ]
    + [GOOD._replace(system="Windows", processor="AMD64"), GOOD._replace(processor="aarch64")],
)
def test_a_machine_that_can_run_the_course_is_told_nothing(found):
    assert machine.problem(found) == ""


@pytest.mark.parametrize(
    "found, words",
    [
        (GOOD._replace(version=(3, 10, 13)), "Python 3.11 or newer is needed, and this is 3.10.13"),
        (GOOD._replace(version=(3, 9, 1), system="Windows"), "its name, py -3.13"),
        (GOOD._replace(version=(3, 15, 0)), "the newest that the course is tested with is 3.14"),
        (GOOD._replace(bits=32), "32-bit"),
        (GOOD._replace(system="Darwin"), "Macs with an Intel processor since 0.4.38.*\n.*Colab"),
        (
            GOOD._replace(system="Darwin", translated=True),
            "has an Apple chip, but its Python is one for Intel",
        ),
        (GOOD._replace(system="Windows", processor="ARM64"), "Windows on ARM"),
        (GOOD._replace(venv=False), "sudo apt install python3-venv"),
    ],
)
def test_a_machine_that_cannot_is_told_why_and_what_to_do(found, words):
    assert re.search(words, machine.problem(found))


def test_this_machine_is_seen_as_it_is():
    found = machine.this_machine()
    assert found.version == sys.version_info[:3] and found.bits == 64 and found.venv
    assert machine.problem(found) == ""


def test_every_file_that_meets_an_old_python_can_be_read_by_one():
    # 3.8's grammar; names that came later stand in annotations only, which no Python evaluates there.
    import ast

    for path in (course.__file__, machine.__file__, check_machine.__file__, start.__file__):
        text = Path(path).read_text(encoding="utf-8")
        ast.parse(text, feature_version=(3, 8))
        assert "from __future__ import annotations" in text


def test_a_refusal_ends_before_anything_is_made(monkeypatch, tmp_path):
    monkeypatch.setattr(course, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(machine, "this_machine", lambda: GOOD._replace(version=(3, 9, 0)))
    with pytest.raises(SystemExit, match="3.11 or newer"):
        course.install(options(), [])
    assert not (tmp_path / ".venv").exists()


# The environment.


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project in a folder of its own: what would be run is written down, and an environment pretended."""
    folder, ran = tmp_path / "here", []
    folder.mkdir()
    for name in ("requirements.txt", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)

    def run(*command):
        ran.append([str(part) for part in command])
        if "venv" in ran[-1]:
            (folder / ".venv").mkdir()

    monkeypatch.setattr(course, "ROOT", folder)
    monkeypatch.setattr(course, "VENV", folder / ".venv")
    monkeypatch.setattr(course, "run", run)
    monkeypatch.setattr(course, "works", lambda venv: venv.is_dir())
    monkeypatch.setattr(course, "fingerprint", lambda given, real=course.fingerprint: real(given, folder))
    return folder, ran


def test_the_environment_is_made_once(project):
    folder, ran = project
    course.install(options(), [])
    assert ran[0][1:] == ["-m", "venv", str(folder / ".venv")]
    assert all("--constraint" in command for command in ran[1:]) and len(ran) == 4
    assert {"--requirement", "--group"} <= set(ran[2])
    assert ran[3][-3:] == ["--no-deps", "--group", "data"], "what they depend on is not to be installed"
    course.install(options(), [])
    assert len(ran) == 4


@pytest.mark.parametrize("change", ["requirements.txt", "constraints.txt", "pyproject.toml", "newest"])
def test_another_list_of_packages_installs_anew_in_the_same_environment(project, change):
    folder, ran = project
    course.install(options(), [])
    if change != "newest":
        (folder / change).write_text((folder / change).read_text() + "# one more line\n")
    course.install(options(constraints="" if change == "newest" else "constraints.txt"), [])
    assert len(ran) == 7 and not any("venv" in command for command in ran[1:])
    assert ("--constraint" in ran[-1]) == (change != "newest")


@pytest.mark.parametrize("by", ["our own note", "Python's note"])
def test_a_moved_folder_gets_a_new_environment(project, by, capsys):
    folder, ran = project
    course.install(options(), [])
    note = folder / ".venv" / ".installed.json"
    old = str(folder.parent / "there")
    if by == "our own note":
        note.write_text(json.dumps({**json.loads(note.read_text()), "folder": old}))
    else:
        note.unlink()
        (folder / ".venv" / "pyvenv.cfg").write_text(f"command = /usr/bin/python3 -m venv {old}/.venv\n")
    (folder / ".venv" / "left over").touch()
    course.install(options(), [])
    assert old in capsys.readouterr().out
    assert "venv" in ran[4] and len(ran) == 8 and not (folder / ".venv" / "left over").exists()


def test_an_environment_whose_python_is_gone_does_not_work(tmp_path):
    assert not course.works(tmp_path / "nothing")
    assert course.works(Path(sys.prefix))


def test_programs_of_an_environment_on_windows_and_elsewhere():
    assert course.tool("python", Path("v"), windows=True) == Path("v/Scripts/python.exe")
    assert course.tool("python", Path("v"), windows=False) == Path("v/bin/python")


def test_options_for_pip_and_what_is_handed_on():
    given, rest = course.parsed(
        ["--pip=--no-index --find-links wheels", "lab", "--no-browser", "--port", "8890"]
    )
    assert (given.command, rest) == ("lab", ["--no-browser", "--port", "8890"])
    assert shlex.split(given.pip) == ["--no-index", "--find-links", "wheels"]


def test_a_failed_program_ends_with_its_own_status():
    with pytest.raises(SystemExit) as ended:
        course.run(sys.executable, "-c", "raise SystemExit(7)")
    assert ended.value.code == 7


# One source of truth.


def test_make_and_the_script_do_the_same():
    names = {command.__name__ for command in course.COMMANDS}
    for name in names:
        asked = subprocess.run(
            ["make", "-n", name], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        assert re.search(rf"scripts/course\.py .* {name}\b", asked), name


def test_the_same_pythons_are_named_everywhere():
    oldest, newest = machine.OLDEST, machine.NEWEST
    named = re.findall(r"Python :: 3\.(\d+)'", str(PYPROJECT["project"]["classifiers"]))
    assert [int(minor) for minor in named] == list(range(oldest[1], newest[1] + 1))
    assert PYPROJECT["project"]["requires-python"] == ">=3.11"
    assert locking.OLDEST == "3.11.0"
    span = "Python 3.11 to 3.14"
    assert span in README and span in INSTALL
    texts = [(ROOT / ".github/workflows" / name).read_text() for name in ("tests.yml", "newest.yml")]
    tested = set(re.findall(r'"(3\.\d+)"', "".join(texts)))
    assert {"3.11", "3.13", "3.14"} <= tested <= {"3.11", "3.12", "3.13", "3.14"}


def test_red_weeks_open_an_issue():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "newest.yml").read_text())
    jobs = workflow["jobs"]
    told = jobs["tell"]
    assert set(told["needs"]) == set(jobs) - {"tell"}
    assert "failure()" in told["if"] and told["permissions"]["issues"] == "write"
    assert any("issues.create" in str(step.get("with", "")) for step in told["steps"])


def test_the_floor_is_the_oldest_jax_that_the_package_takes():
    floor = (ROOT / "floor.txt").read_text().splitlines()
    oldest = dict(re.findall(r"(jax|jaxlib)>=([\d.]+)", " ".join(PYPROJECT["project"]["dependencies"])))
    for name, version in oldest.items():
        assert any(line.startswith(f"{name}=={version}.") for line in floor), name


# The constraints.


def test_one_list_cannot_have_two_versions():
    assert locking.merged([["b==1", "A==2"], ["b==1"]]) == ["A==2", "b==1"]
    with pytest.raises(SystemExit, match="different versions of b"):
        locking.merged([["b==1"], ["b==2"]])


def test_packages_with_data_are_pinned_as_what_depends_on_them_has_it():
    assert locking.with_data(["b==1"], ["A==2", "b==3"]) == ["A==2", "b==1"]
    names = PYPROJECT["dependency-groups"]["data"]
    lines = (ROOT / "constraints.txt").read_text()
    assert len(names) == 3 and all(re.search(rf"^{name}==", lines, re.MULTILINE) for name in names)


def test_wheels_hold_the_packages_with_data_too(project):
    folder, ran = project
    course.wheels(options(), [])
    assert ran[-1][-3:] == ["--no-deps", "--group", "data"] and "wheel" in ran[-1]


def test_constraints_name_what_windows_and_macs_need():
    lines = (ROOT / "constraints.txt").read_text()
    assert all(re.search(rf"^{name}==", lines, re.MULTILINE) for name in ("colorama", "pywinpty", "appnope"))


# The page about it.


def blocks(text: str) -> list[str]:
    return re.findall(r"^```[a-z]*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(text: str) -> list[str]:
    return [line.strip() for block in blocks(text) for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("text", [INSTALL, README], ids=["install.md", "README.md"])
def test_the_commands_of_a_page_exist(text):
    names = {command.__name__ for command in course.COMMANDS}
    written = [*commands(text), *re.findall(r"`([^`\n]+)`", text)]
    called = [line.split("scripts/course.py", 1)[1] for line in written if "scripts/course.py" in line]
    assert called
    for call in called:
        assert course.parsed(shlex.split(call))[0].command in names
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"^make ([a-z]+)", "\n".join(commands(text)), re.MULTILINE)) <= targets
    for name in re.findall(r"-r (\S+\.txt)|-c (\S+\.txt)", text):
        assert (ROOT / "".join(name)).is_file()


def test_every_way_takes_four_lines_and_says_what_to_do_when_it_fails():
    sections = re.split(r"^## ", INSTALL, flags=re.MULTILINE)[1:]
    ways = [section for section in sections if section.startswith(("In ", "On ", "Without "))]
    assert len(ways) >= 6
    for way in ways:
        title = way.splitlines()[0]
        assert all(len(block.splitlines()) <= 4 for block in blocks(way)), title
        assert "**When it fails.**" in way, title


def test_windows_takes_four_commands_from_the_readme_to_a_chapter():
    way = next(block for block in blocks(README) if "py -3.13" in block).splitlines()
    assert len(way) == 4 and way[-1].endswith("jupyterlab book") and "make" not in "".join(way)


# The workshop.


def test_wheels_are_resolved_for_the_other_system_and_fetched_without_dependencies(tmp_path):
    command = workshop.download_command("windows", "3.13", tmp_path / "r.txt", tmp_path)
    after = dict(zip(command, command[1:], strict=False))
    assert after["--platform"] == "win_amd64" and after["--python-version"] == "3.13"
    assert {"--no-deps", "--only-binary=:all:"} <= set(command)
    assert set(workshop.SYSTEMS) == set(locking.PLATFORMS) == set(check_machine.SYSTEMS.values())


def test_uv_is_asked_for_the_other_system(monkeypatch):
    asked = []

    def run(command, **kept):
        asked.append((command, kept["input"]))
        return subprocess.CompletedProcess(command, 0, "jax==0.10.2\n-e .\npywinpty==3.1.2\n", "")

    monkeypatch.setattr(subprocess, "run", run)
    assert workshop.requirements("windows", "3.13") == ["jax==0.10.2", "pywinpty==3.1.2"]
    command, given = asked[0]
    after = dict(zip(command, command[1:], strict=False))
    assert after["--python-platform"] == "x86_64-pc-windows-msvc" and after["--python-version"] == "3.13"
    assert (
        after["--constraint"] == "constraints.txt" and "--extra=course" in command and given == "jupyterlab\n"
    )


def test_a_failed_resolution_says_for_whom(monkeypatch):
    done = subprocess.CompletedProcess([], 1, "", "no solution")
    monkeypatch.setattr(subprocess, "run", lambda *command, **kept: done)
    with pytest.raises(SystemExit, match="For macos and Python 3.13:\nno solution"):
        locking.resolved(["requirements.txt"], "macos", "3.13")


@pytest.mark.parametrize("text", ["3.10", "3.15", "3", "3.13.1", "newest"])
def test_a_zip_for_a_python_that_cannot_run_the_course_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="from 3.11 to 3.14"):
        workshop.version_of(text)


@pytest.fixture
def packed(tmp_path, monkeypatch):
    """The zip for Windows, unpacked, with one wheel of no content and a site of one page."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("<h1>The course</h1>")

    def fetch(platform, version, folder):
        (folder / "wheels" / "jax-0-py3-none-any.whl").write_bytes(b"0" * 1000)
        (folder / "requirements.txt").write_text("jax==0\n")
        (folder / "data.txt").write_text("hbayesdm\n")

    monkeypatch.setattr(workshop, "SITE", site)
    monkeypatch.setattr(workshop, "fetch", fetch)
    made = workshop.make("windows", "3.13", tmp_path / "out")
    with zipfile.ZipFile(made) as file:
        file.extractall(tmp_path / "d")
    return tmp_path / "d" / made.stem


WINDOWS = GOOD._replace(system="Windows", processor="AMD64")


def test_the_zip_holds_all_that_a_room_needs(packed):
    chapters = {path.name for path in (ROOT / "book").glob("*.ipynb")}
    assert {path.name for path in (packed / "notebooks").iterdir()} == chapters
    programs = {
        "machine.py",
        "check_machine.py",
        "start.py",
        "START-HERE.md",
        "workshop.json",
        "requirements.txt",
    }
    assert programs <= {path.name for path in packed.iterdir()} and (packed / "site" / "index.html").is_file()
    page = (packed / "START-HERE.md").read_text()
    assert "py -3.13 check_machine.py" in page and "py -3.13 start.py" in page and "{" not in page
    assert len(page.splitlines()) < 50, "one page"


def test_a_machine_of_the_right_kind_is_ready(packed, monkeypatch):
    # The folder of a test is deep, which is told on Windows: another test looks at that.
    monkeypatch.setattr(check_machine, "LONGEST_FOLDER", 1000)
    assert check_machine.problems(packed, WINDOWS, free=10**10) == []


@pytest.mark.parametrize(
    "found, free, words",
    [
        (WINDOWS._replace(version=(3, 12, 1)), 10**10, ["This is Python 3.12, and .* Python 3.13"]),
        (WINDOWS._replace(version=(3, 9, 1)), 10**10, ["3.11 or newer", "This is Python 3.9"]),
        (GOOD._replace(system="Darwin", processor="arm64"), 10**10, ["macos arm64, and .* windows x86_64"]),
        (WINDOWS, 1000, ["0.2 GB of disk are needed, and 0.0 GB"]),
        (WINDOWS._replace(venv=False), 10**10, ["venv and ensurepip"]),
    ],
)
def test_the_check_names_what_is_missing(packed, monkeypatch, found, free, words):
    monkeypatch.setattr(check_machine, "LONGEST_FOLDER", 1000)
    said = check_machine.problems(packed, found, free)
    assert len(said) == len(words)
    assert all(re.search(pattern, line) for pattern, line in zip(words, said, strict=True))


def test_the_check_sees_a_zip_that_was_not_unpacked_whole(packed, monkeypatch):
    monkeypatch.setattr(check_machine, "LONGEST_FOLDER", 1000)
    (packed / "wheels" / "jax-0-py3-none-any.whl").unlink()
    assert "jax-0-py3-none-any.whl" in check_machine.problems(packed, WINDOWS, 10**10)[0]
    (packed / "workshop.json").unlink()
    assert "unpack the whole zip" in check_machine.problems(packed, WINDOWS, 10**10)[0]


def test_the_check_sees_a_path_too_long_for_windows(packed, monkeypatch):
    monkeypatch.setattr(check_machine, "LONGEST_FOLDER", 5)
    assert "too long for Windows" in check_machine.problems(packed, WINDOWS, 10**10)[0]


def test_the_zip_gets_the_packages_with_data_and_start_installs_them(tmp_path, monkeypatch):
    built, ran = [], []
    (tmp_path / "wheels").mkdir()
    monkeypatch.setattr(workshop, "requirements", lambda platform, version: ["jax==0"])
    monkeypatch.setattr(workshop, "build", lambda wheels, *what: built.append(what))
    monkeypatch.setattr(subprocess, "run", lambda command, **kept: ran.append(command))
    workshop.fetch("windows", "3.13", tmp_path)
    assert built[0] == (str(ROOT),) and built[1][-1].endswith("pyproject.toml:data")
    names = PYPROJECT["dependency-groups"]["data"]
    assert (tmp_path / "data.txt").read_text().split() == workshop.data_packages() == names
    monkeypatch.setattr(start, "HERE", tmp_path)
    monkeypatch.setattr(start, "VENV", tmp_path)
    monkeypatch.setattr(start, "DONE", tmp_path / "installed.txt")
    monkeypatch.setattr(start.shutil, "rmtree", lambda *given, **kept: None)
    start.install()
    assert ran[-2][-1].endswith("requirements.txt") and "--no-deps" not in ran[-2]
    assert {"--no-deps", "--no-index", str(tmp_path / "data.txt")} <= set(ran[-1])


def test_without_a_site_there_is_no_zip(monkeypatch, tmp_path):
    monkeypatch.setattr(workshop, "SITE", tmp_path)
    with pytest.raises(SystemExit, match="The site is not built"):
        workshop.make("linux", "3.13", tmp_path)


@pytest.mark.workshop
def test_a_room_without_a_network(tmp_path):
    """The real zip for this machine, unpacked, checked, installed and used where no network is."""
    version = ".".join(map(str, sys.version_info[:2]))
    made = workshop.make("linux", version, tmp_path)
    with zipfile.ZipFile(made) as file:
        file.extractall(tmp_path)
    folder = tmp_path / made.stem
    # Neither the settings nor the caches of this machine help; and no address answers.
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PIP_", "PYTHON", "VIRTUAL"))
    }
    dead = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    cut_off = kept | dead | {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}
    # A network of its own has the loopback that a notebook's kernel needs, and nothing else.
    alone = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    can = shutil.which("unshare") and subprocess.run([*alone, "true"]).returncode == 0
    python = getattr(sys, "_base_executable", sys.executable)
    chapter = "notebooks/02-update-function.ipynb"
    programs = [[python, "check_machine.py"], [python, "start.py", "--only-install"]]
    for program in [*programs, [folder / ".venv" / "bin" / "jupyter", "execute", "--inplace", chapter]]:
        subprocess.run([*(alone if can else []), *program], cwd=folder, env=cut_off, check=True)
    loads = "import behavioural_modelling as bm; t = bm.trials; t.load_bandit(), t.load_go_no_go()"
    loads = [folder / ".venv" / "bin" / "python", "-c", f"{loads}, t.load_restless_bandit()"]
    subprocess.run([*(alone if can else []), *loads], cwd=folder, env=cut_off, check=True)
    cells = json.loads((folder / chapter).read_text(encoding="utf-8"))["cells"]
    assert any(cell.get("outputs") for cell in cells)
    assert not (folder / ".venv" / "bin" / "pytest").exists(), "what only testing needs is in the zip"
