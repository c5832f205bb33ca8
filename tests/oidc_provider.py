"""A small OpenID Connect provider on this machine: discovery, sign-in, tokens, keys, PKCE."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import html
import json
import secrets
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "sneakeraug", "a secret of the tests"

Identity = dict[str, Any]


class Provider(ThreadingHTTPServer):
    """Signs in whoever is clicked.

    Parameters
    ----------
    people
        Claims of each, by name.
    """

    daemon_threads = True

    def __init__(self, people: dict[str, Identity]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.people = people
        self.key = RSAKey.generate_key(2048, {"kid": "tests", "use": "sig", "alg": "RS256"})
        self.codes: dict[str, dict[str, str]] = {}
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def metadata_url(self) -> str:
        return f"{self.address}/.well-known/openid-configuration"


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, *_arguments: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        address = self.server.address
        if url.path == "/.well-known/openid-configuration":
            document = {
                "issuer": address,
                "authorization_endpoint": f"{address}/authorize",
                "token_endpoint": f"{address}/token",
                "jwks_uri": f"{address}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
            }
            self._say(200, json.dumps(document))
        elif url.path == "/jwks":
            self._say(200, json.dumps({"keys": [self.server.key.as_dict(private=False)]}))
        elif url.path == "/authorize":
            assert query["client_id"] == CLIENT_ID
            assert query["response_type"] == "code"
            assert "openid" in query["scope"].split()
            links = "".join(
                f'<p><a href="/approve?{html.escape(urlencode({**query, "who": name}))}">{name}</a>'
                for name in self.server.people
            )
            self._say(200, f"<title>Who are you?</title>{links}", "text/html")
        elif url.path == "/approve":
            code = secrets.token_urlsafe(16)
            self.server.codes[code] = query
            back = {"code": code, "state": query["state"]}
            self._say(302, "", Location=f"{query['redirect_uri']}?{urlencode(back)}")
        else:
            self._say(404, "{}")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        asked = self.server.codes.pop(form.get("code", ""), None)
        given = base64.b64decode(self.headers.get("Authorization", "").partition(" ")[2]).decode()
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        is_good = (
            asked is not None
            and given == f"{CLIENT_ID}:{CLIENT_SECRET}"
            and form["redirect_uri"] == asked["redirect_uri"]
            and challenge == asked["code_challenge"]
        )
        if not is_good or asked is None:
            self._say(400, json.dumps({"error": "invalid_grant"}))
            return
        now = int(time.time())
        claims = {
            "iss": self.server.address,
            "aud": CLIENT_ID,
            "sub": asked["who"],
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.server.people[asked["who"]],
        }
        header = {"alg": "RS256", "kid": "tests"}
        answer = {
            "access_token": secrets.token_urlsafe(16),
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": jwt.encode(header, claims, self.server.key),
        }
        self._say(200, json.dumps(answer))

    def _say(self, status: int, text: str, kind: str = "application/json", **headers: str) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def providing(people: dict[str, Identity]) -> Iterator[Provider]:
    """Run a provider until the block ends."""
    provider = Provider(people)
    thread = threading.Thread(target=provider.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.shutdown()
        provider.server_close()
        thread.join(timeout=10)
