"""The error clinic: each message on its page is what its code gives, and each cure runs."""

import contextlib
import io
import re
from pathlib import Path
from typing import NamedTuple

import jax
import pytest

PAGE = Path(__file__).resolve().parent.parent / "book" / "error-clinic.md"
SECTION = re.compile(r"^### (?P<title>.+)\n(?P<body>(?:(?!^##).*\n?)*)", re.MULTILINE)
BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
IMPORTS = BLOCK.search(PAGE.read_text(encoding="utf-8")).group(2)
RAISED = re.compile(r"(?P<type>\w+(?:Error|Exception)): (?P<words>.+)")


class Case(NamedTuple):
    """A section of the page: its code, what that shows, the cure's code, and what that shows."""

    title: str
    code: str
    shown: str
    cure: str
    cured: str


def cases() -> list[Case]:
    """The sections of the page, in order; each must have the four blocks in this order."""
    found = []
    for section in SECTION.finditer(PAGE.read_text(encoding="utf-8")):
        blocks = BLOCK.findall(section["body"])
        kinds = [kind for kind, _ in blocks]
        assert kinds == ["python", "text", "python", "text"], f"{section['title']}: blocks are {kinds}"
        found.append(Case(section["title"], *(text for _, text in blocks)))
    return found


CASES = cases()


@pytest.fixture(autouse=True)
def as_before():
    """Cures may set JAX's options; the next test finds them as they were."""
    wide = jax.config.jax_enable_x64
    yield
    jax.config.update("jax_enable_x64", wide)


@pytest.fixture(scope="module")
def names() -> dict:
    """The names of the page: as on a page read from the top, a section may use those of an earlier one."""
    found: dict = {}
    exec(IMPORTS, found)
    return found


def printed(code: str, names: dict) -> str:
    """What a piece of code prints."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(code, names)
    return output.getvalue()


def check_shown(case: Case, names: dict) -> None:
    """The code raises, or prints, what the page shows."""
    raised = RAISED.match(case.shown)
    if raised is None:
        output = printed(case.code, names)
        for line in case.shown.splitlines():
            assert line in output, f"it prints {output!r}"
        return
    with pytest.raises(Exception) as caught:
        exec(case.code, names)
    assert type(caught.value).__name__ == raised["type"]
    assert raised["words"] in str(caught.value)


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_the_message_is_what_the_code_gives_and_the_cure_runs(case, names):
    check_shown(case, names)
    assert printed(case.cure, names) == case.cured, "the cure prints something else"


def test_the_page_has_at_least_the_twelve_messages_that_learners_meet():
    assert len(CASES) >= 12
    assert len({case.title for case in CASES}) == len(CASES)


def test_a_message_that_the_code_does_not_give_is_noticed(names):
    wrong = CASES[0]._replace(shown="TypeError: something else\n")
    with pytest.raises(AssertionError):
        check_shown(wrong, names)
    silent = CASES[0]._replace(code="pass\n")
    with pytest.raises(pytest.fail.Exception):
        check_shown(silent, names)
