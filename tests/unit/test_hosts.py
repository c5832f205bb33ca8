"""Under which names a server may be asked."""

from __future__ import annotations

import pytest

from sneakeraug.hosts import LOOPBACK, allowed_hosts, is_allowed

EVERYWHERE = "0.0.0.0"  # noqa: S104 - nobody listens


@pytest.mark.parametrize(
    ("address", "named", "hosts"),
    [
        pytest.param("127.0.0.1", "", {*LOOPBACK}, id="loopback"),
        pytest.param("127.0.0.5", "", {*LOOPBACK, "127.0.0.5"}, id="another loopback"),
        pytest.param(EVERYWHERE, "", {"*"}, id="everywhere"),
        pytest.param("", "", {"*"}, id="no address is everywhere"),
        pytest.param(EVERYWHERE, "A.example, b", {*LOOPBACK, "a.example", "b"}, id="named"),
    ],
)
def test_hosts_follow_from_the_address_unless_named(
    address: str, named: str, hosts: set[str]
) -> None:
    assert allowed_hosts(named, address) == hosts


@pytest.mark.parametrize(
    ("given", "is_let_in"),
    [
        ("a.example", True),
        ("A.EXAMPLE:8443", True),
        ("x.b.example", True),
        ("y.x.b.example", True),
        ("b.example", False),
        ("xb.example", False),
        ("a.example.evil", False),
        ("[::1]:8080", True),
        ("[::2]:8080", False),
        ("", False),
    ],
)
def test_a_name_is_let_in_as_a_whole_or_below_a_star(given: str, is_let_in: bool) -> None:
    assert is_allowed(given, {"a.example", "*.b.example", "::1"}) == is_let_in
    assert is_allowed(given, {"*"})


def test_a_name_longer_than_any_is_not_taken_apart() -> None:
    assert is_allowed(f"{'a.' * 100}b.example", {"*.b.example"})
    assert not is_allowed(f"{'a.' * 30_000}b.example", {"*.b.example"})
