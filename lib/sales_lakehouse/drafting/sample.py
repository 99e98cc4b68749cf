"""From the bytes of a sample to its text: packing and encoding."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib

from charset_normalizer import from_bytes

from sales_lakehouse.drafting.guess import Guess
from sales_lakehouse.errors import ParameterError
from sales_lakehouse.wording import encoding_name

_ENOUGH = 1 << 20
_WESTERN = "windows-1252"
_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def unpack(content: bytes) -> tuple[bytes, Guess | None]:
    """Return the sample unpacked, and how it was packed, if it was.

    Raises: ParameterError for an archive that cannot be read or holds several files.
    """
    try:
        if content.startswith(b"\x1f\x8b"):
            return gzip.decompress(content), Guess("gzip", "the sample begins as gzip does")
        if content.startswith(b"PK\x03\x04"):
            return _only_member(content), Guess("zip", "the sample is a zip with one file in it")
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as cause:
        raise ParameterError(f"the sample begins as an archive and cannot be unpacked: {cause}") from cause
    return content, None


def _only_member(content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        if len(names) != 1:
            raise ParameterError(f"the sample is a zip with {len(names):,} files; expected one; unpack it and give one")
        return archive.read(names[0])


def decode(content: bytes) -> tuple[str, Guess]:
    """Return the sample's text and the encoding it was read by.

    Raises: ParameterError for what is no text: it is empty, or has a NUL.
    """
    text, encoding = _decoded(content)
    if not text.strip():
        raise ParameterError("the sample is empty; nothing was written; give a delivery with records")
    if (at := text.find("\0")) >= 0:
        raise ParameterError(f"the sample is no text: character {at + 1:,} is a NUL; nothing was written")
    return text, encoding


def _decoded(content: bytes) -> tuple[str, Guess]:
    for mark, name in _MARKS.items():
        if content.startswith(mark):
            return content.decode(name).removeprefix("\ufeff"), Guess(name, "the sample begins with its mark")
    if content.isascii():
        return content.decode(), Guess("utf-8", "all bytes are ASCII, so it fits; ask the partner about others")
    foreign = sum(byte > 0x7F for byte in content)
    try:
        return content.decode(), Guess("utf-8", f"all {foreign:,} bytes beyond ASCII read as UTF-8")
    except UnicodeDecodeError:
        name, because = _single_byte(content, foreign)
    return content.decode(name, errors="replace"), Guess(name, because)


def _single_byte(content: bytes, foreign: int) -> tuple[str, str]:
    best = from_bytes(content[:_ENOUGH]).best()
    fitting = best.could_be_from_charset if best else []
    name = _WESTERN if "cp1252" in fitting or best is None else encoding_name(best.encoding)
    others = ", ".join(encoding_name(other) for other in fitting if encoding_name(other) != name)[:80]
    told = f"{foreign:,} bytes beyond ASCII are no UTF-8; {name} fits"
    return name, f"{told}, and so do {others}" if others else told
