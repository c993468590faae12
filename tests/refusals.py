"""Bad input: a call, and what the message of its `ValueError` must say."""

from typing import NamedTuple

import pytest


class Bad(NamedTuple):
    """A call that must fail, and what its message must say."""

    call: object
    name: str
    expected: str
    received: str


def assert_refused(bad: Bad) -> None:
    """The message names the argument, what was expected and what came."""
    with pytest.raises(ValueError) as raised:
        bad.call()
    message = str(raised.value)
    assert message.startswith(f"{bad.name}: expected "), message
    expected, received = message.removeprefix(f"{bad.name}: expected ").rsplit(", got ", maxsplit=1)
    assert bad.expected in expected, message
    assert bad.received in received, message
