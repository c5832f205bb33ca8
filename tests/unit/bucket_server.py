"""A small S3-compatible server on this machine's loopback: it lists, by pages, and gives objects.

Signatures are not checked: what is tested is what our side asks for, and does with answers.
"""

from __future__ import annotations

import hashlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

KEYS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",  # pragma: allowlist secret
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}

A_PAGE = 2
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class BucketServer(ThreadingHTTPServer):
    """Buckets with objects by key; remembers what was asked of it."""

    daemon_threads = True

    def __init__(self, buckets: dict[str, dict[str, bytes]]) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.buckets = buckets
        self.asked: list[str] = []

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: BucketServer

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> None:
        asked = urlsplit(self.path)
        self.server.asked.append(f"{self.command} {unquote(asked.path)}")
        name, _, key = unquote(asked.path).lstrip("/").partition("/")
        bucket = self.server.buckets.get(name)
        if bucket is None:
            self._refuse("NoSuchBucket")
        elif not key:
            self._list(name, bucket, parse_qs(asked.query))
        elif key not in bucket:
            self._refuse("NoSuchKey")
        else:
            self._give(bucket[key])

    def _list(self, name: str, bucket: dict[str, bytes], query: dict[str, list[str]]) -> None:
        prefix = query.get("prefix", [""])[0]
        start = int(query.get("continuation-token", ["0"])[0])
        keys = sorted(key for key in bucket if key.startswith(prefix))
        page, more = keys[start : start + A_PAGE], start + A_PAGE < len(keys)
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(bucket[key])}</Size>"
            f"<LastModified>2026-03-01T00:00:00.000Z</LastModified>"
            f"<ETag>{_hash(bucket[key])}</ETag></Contents>"
            for key in page
        )
        token = f"<NextContinuationToken>{start + A_PAGE}</NextContinuationToken>" if more else ""
        self._send(
            200,
            f'<ListBucketResult xmlns="{NAMESPACE}"><Name>{name}</Name>'
            f"<Prefix>{escape(prefix)}</Prefix><KeyCount>{len(page)}</KeyCount>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{contents}"
            "</ListBucketResult>".encode(),
        )

    def _give(self, data: bytes) -> None:
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        end = min(int(last or len(data)), len(data) - 1)
        some = data[int(first) : end + 1]
        whole = {"Content-Range": f"bytes {first}-{end}/{len(data)}"}
        self._send(206 if "Range" in self.headers else 200, some, whole, _hash(data))

    def _refuse(self, code: str) -> None:
        self._send(404, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def _send(
        self, status: int, data: bytes, headers: dict[str, str] | None = None, etag: str = ""
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/octet-stream" if etag else "application/xml")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Last-Modified", "Sun, 01 Mar 2026 00:00:00 GMT")
        if etag:
            self.send_header("ETag", etag)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *args: object) -> None:
        return


def _hash(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
