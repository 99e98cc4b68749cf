"""Take an answer's bytes in, within bounds of size and time."""

from __future__ import annotations

import time
import zlib

import httpx

from sales_lakehouse.rest.faults import FaultError
from sales_lakehouse.specs.rest import Limits


def take_body(response: httpx.Response, limits: Limits, started: float) -> bytes:
    """Return the bytes of an answer, unpacked.

    Raises: FaultError when they are too many, drip too slowly, or are cut.
    """
    unpacker = _unpacker(response)
    pieces: list[bytes] = []
    taken = size = 0
    for piece in response.iter_raw():
        taken += len(piece)
        plain = unpacker.decompress(piece, limits.page_bytes - size + 1) if unpacker else piece
        size += len(plain)
        pieces.append(plain)
        if size > limits.page_bytes:
            raise FaultError(
                "too large",
                f"{taken:,} bytes became more than {limits.page_bytes:,} (limits.page_bytes); it was not landed",
            )
        if time.monotonic() - started > limits.total_seconds:
            raise FaultError(
                "total timeout", f"it was not complete after {limits.total_seconds:g} s ({taken:,} bytes)", passing=True
            )
    announced = response.headers.get("content-length", "")
    if (unpacker and not unpacker.eof) or (announced.isdigit() and int(announced) != taken):
        raise FaultError("cut body", f"it ends after {taken:,} bytes, announced {announced or 'none'}", passing=True)
    if unpacker and unpacker.unused_data:
        raise FaultError("damaged gzip", "other bytes follow the gzip data", passing=True)
    return b"".join(pieces)


def _unpacker(response: httpx.Response) -> zlib._Decompress | None:
    packed = response.headers.get("content-encoding", "identity").strip().lower()
    if packed in ("", "identity"):
        return None
    if packed in ("gzip", "x-gzip"):
        return zlib.decompressobj(zlib.MAX_WBITS | 16)
    raise FaultError("unknown packing", f"asked for gzip or nothing, got content-encoding {packed[:40]!r}")
