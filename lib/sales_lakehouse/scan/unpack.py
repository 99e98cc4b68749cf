"""Unpack a delivered unit within bounds: a small bomb costs little memory and little time."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from io import BytesIO
from typing import IO, cast

from sales_lakehouse.scan.broken import UnitBroken
from sales_lakehouse.scan.spool import Buffer, Scratch
from sales_lakehouse.specs.formats import Format
from sales_lakehouse.wording import counted

_CHUNK = 2**20
_SIP = 2**14
"""Packed bytes given to zlib at once: after each member it copies what it did not use."""
_FREE = 16 * 2**20
"""Below this size a unit may grow by any ratio: a day of one repeated line packs well."""
_MAGIC = {"gzip": b"\x1f\x8b", "zip": b"PK\x03\x04"}


def unpack(content: Buffer, form: Format, files: ExitStack) -> Buffer:
    """Return a unit's bytes, unpacked as declared; what was not packed is not copied.

    Raises: UnitBroken when the unit is packed otherwise, cut, followed by other bytes, or larger than the bounds.
    """
    found = next((name for name, magic in _MAGIC.items() if content[: len(magic)] == magic), "none")
    if found != form.packed and "none" in (found, form.packed):
        is_what = "is not packed" if found == "none" else f"is packed by {found}"
        raise UnitBroken(f"the unit {is_what}, whatever its name says; declared is packed: {form.packed}")
    if found != form.packed:
        raise UnitBroken(f"the unit is packed by {found}, declared is packed: {form.packed}")
    if form.packed == "none":
        return content
    scratch = Scratch(files)
    for piece, read in _gunzip(content) if form.packed == "gzip" else _unzip(content, files):
        scratch.write(piece)
        if scratch.size > form.max_unpacked_bytes:
            raise UnitBroken(f"unpacked it is larger than {form.max_unpacked_bytes:,} bytes (max_unpacked_bytes)")
        if scratch.size > max(_FREE, form.max_unpacked_ratio * read):
            raise UnitBroken(
                f"{read:,} bytes unpack to more than {scratch.size:,}, over {form.max_unpacked_ratio} times as many "
                "(max_unpacked_ratio)"
            )
    return scratch.content()


def _gunzip(content: Buffer) -> Iterator[tuple[bytes, int]]:
    """Yield pieces of the members of a gzip file, each with the number of packed bytes read so far."""
    at, member = 0, zlib.decompressobj(zlib.MAX_WBITS | 16)
    pending = b""
    while at < len(content) or pending:
        if not pending:
            pending = content[at : at + _SIP]
            at += len(pending)
        if member.eof:
            if pending[:2] != _MAGIC["gzip"] and (pending + content[at : at + 1])[:2] != _MAGIC["gzip"]:
                raise UnitBroken(f"other bytes follow the gzip data, from byte {at - len(pending)} on")
            member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            piece = member.decompress(pending, _CHUNK)
        except zlib.error as cause:
            raise UnitBroken(f"the gzip data is damaged near byte {at}: {cause}") from cause
        pending = member.unconsumed_tail or member.unused_data
        yield piece, at - len(pending)
    while not member.eof:
        piece = member.decompress(member.unconsumed_tail, _CHUNK)
        if not piece:
            raise UnitBroken(f"the gzip data is cut: it ends at byte {len(content)} before its own end")
        yield piece, len(content)


def _unzip(content: Buffer, files: ExitStack) -> Iterator[tuple[bytes, int]]:
    """Yield pieces of the only file in a zip, each with the number of packed bytes as a whole."""
    source = BytesIO(content) if isinstance(content, bytes) else cast(IO[bytes], content)
    try:
        archive = files.enter_context(zipfile.ZipFile(source))
        members = archive.infolist()
        if len(members) != 1 or members[0].is_dir():
            names = ", ".join(member.filename for member in members[:3])
            raise UnitBroken(f"the zip holds {counted(len(members), 'file')} ({names}), expected one")
        if members[0].flag_bits & 1:
            raise UnitBroken("the zip is encrypted")
        if content[len(content) - 22 - len(archive.comment) :][:4] != b"PK\5\6":
            raise UnitBroken("other bytes follow the zip data")
        with archive.open(members[0]) as file:
            while piece := file.read(_CHUNK):
                yield piece, len(content)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as cause:
        raise UnitBroken(f"the zip is cut or damaged: {cause}") from cause
