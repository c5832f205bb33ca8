"""Connections to public addresses only, checked on the socket that answers.

A name may point elsewhere a moment after it was looked up, so the other end of the open connection
is what counts, before anything is sent.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""Addresses that stand for an IPv4 one (RFC 6052)."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open Internet."""
    try:
        ip = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in TRANSLATED:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return ip.is_global and not ip.is_multicast


class PrivateAddressError(OSError):
    """The machine that answered is in a private network."""


def find_private(exc: BaseException | None) -> PrivateAddressError | None:
    """The refusal of a private address among the causes and arguments of an error."""
    waiting, seen = [exc], 0
    while waiting and seen < 50:
        error = waiting.pop()
        seen += 1
        if isinstance(error, PrivateAddressError):
            return error
        if isinstance(error, BaseException):
            waiting += [error.__cause__, error.__context__, getattr(error, "reason", None)]
            waiting += [a for a in error.args if isinstance(a, BaseException)]
    return None


def _checked(connected: socket.socket) -> socket.socket:
    """The socket, if its other end is public."""
    peer = str(connected.getpeername()[0])
    if not is_public(peer):
        connected.close()
        raise PrivateAddressError(
            f"it leads to {peer}, which is in a private network. Public shops are expected; "
            "--allow-private permits it."
        )
    return connected


class _GuardedHTTPConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn())


class _GuardedHTTPSConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn())


class _GuardedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _GuardedHTTPConnection


class _GuardedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPSConnection


class GuardedAdapter(HTTPAdapter):
    """Connects to public addresses only, unless told otherwise."""

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Let the pools make guarded connections."""
        super().init_poolmanager(*args, **kwargs)
        if not self._allow_private:
            self.poolmanager.pool_classes_by_scheme = {
                "http": _GuardedHTTPPool,
                "https": _GuardedHTTPSPool,
            }
