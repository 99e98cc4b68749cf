"""How a unit is cut into records: the dialects of delimited text and of JSON, all declared, nothing guessed."""

from __future__ import annotations

import codecs
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_STATEFUL = ("utf-7", "utf_7", "iso2022", "hz", "punycode", "idna", "unicode_escape", "raw_unicode")


class Part(BaseModel):
    """A part of a declaration: frozen, and refusing fields it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Footer(Part):
    """The partner's own totals in the last line."""

    marker: Annotated[str, Field(min_length=1, description="first field of the footer line")]
    records: Annotated[int, Field(ge=1, description="position of the record count, 0 is the marker")]
    amount: Annotated[int | None, Field(ge=1, description="position of the total amount")] = None


class Format(Part):
    """What all formats share: how they are packed, and how much of them is read."""

    kind: Annotated[str, Field(description="how records are written")]
    packed: Annotated[
        Literal["none", "gzip", "zip"], Field(description="how the unit is packed; a zip holds one file")
    ] = "none"
    max_unpacked_bytes: Annotated[int, Field(ge=1, description="a unit that unpacks to more is quarantined")] = (
        4 * 2**30
    )
    max_unpacked_ratio: Annotated[
        int, Field(ge=1, description="so is one that grows by more than this, once it is beyond 16 MiB")
    ] = 200
    max_record_bytes: Annotated[
        int, Field(ge=1, le=8 * 2**20, description="a longer record is refused, a longer header breaks the unit")
    ] = 2**20
    amount_of: Annotated[
        tuple[str, ...], Field(description="columns whose product is a record's amount, for the partner's totals")
    ] = ()


class CsvFormat(Format):
    """The dialect of a delimited file."""

    kind: Annotated[Literal["csv"], Field(description="delimited text")]
    encoding: Annotated[
        str, Field(description="as Python names it; decoded strictly", examples=["utf-8", "windows-1252"])
    ] = "utf-8"
    delimiter: Annotated[str, Field(description="what stands between two fields; one ASCII character")] = ","
    quote: Annotated[str | None, Field(description="what stands around a field that holds a delimiter; null: none")] = (
        '"'
    )
    escape: Annotated[
        Literal["doubled", "backslash"], Field(description="how a quote inside a quoted field is written")
    ] = "doubled"
    line_end: Annotated[Literal["lf", "crlf", "cr"], Field(description="how a line ends")] = "lf"
    line_breaks_in_fields: Annotated[
        bool, Field(description="a quoted field may hold line breaks; without, one line is one record")
    ] = False
    header: Annotated[bool, Field(description="the file names its columns; without, they come in the agreed order")] = (
        True
    )
    preamble: Annotated[int, Field(ge=0, description="lines before the header that are no records")] = 0
    null_words: Annotated[
        tuple[str, ...], Field(description="what means NULL where it stands unquoted; a quoted one is text")
    ] = ("",)
    max_columns: Annotated[int, Field(ge=1, description="a header with more breaks the unit")] = 2000
    footer: Annotated[Footer | None, Field(description="the partner's totals, where the last line has them")] = None

    @field_validator("encoding")
    @classmethod
    def check_encoding(cls, name: str) -> str:
        """Refuse a name that Python does not know, and encodings whose bytes mean nothing without those before."""
        try:
            is_text = codecs.lookup(name)._is_text_encoding  # noqa: SLF001  there is no public way to ask
        except LookupError as cause:
            raise ValueError(f"{name!r} is no encoding that Python knows") from cause
        if not is_text or codecs.lookup(name).name.startswith(_STATEFUL):
            raise ValueError(f"{name!r} cannot be read line by line; deliver utf-8")
        return name

    @model_validator(mode="after")
    def check_marks(self) -> Self:
        """Refuse marks that could not be told apart."""
        for mark, word in ((self.delimiter, "delimiter"), (self.quote, "quote")):
            if mark is not None and (len(mark) != 1 or not mark.isascii() or mark in "\r\n\\\0"):
                raise ValueError(f"{word} {mark!r}: expected one ASCII character that is no line end or backslash")
        if self.delimiter == self.quote:
            raise ValueError(f"delimiter and quote are both {self.quote!r}; a field could not be told from its end")
        if self.line_breaks_in_fields and self.quote is None:
            raise ValueError("line_breaks_in_fields: only a quoted field can hold a line break, and quote is null")
        if self.footer and self.footer.amount is not None and not self.amount_of:
            raise ValueError("footer.amount: name the columns that make a record's amount in amount_of")
        return self


class JsonFormat(Format):
    """One JSON document; the records are the objects of a list in it."""

    kind: Annotated[Literal["json"], Field(description="one JSON document with a list of records")]
    records: Annotated[
        str | None, Field(description="the key of the list, or a path to it like data.orders; null: the list is all")
    ] = None
    max_document_bytes: Annotated[
        int, Field(ge=1, description="a longer document is quarantined; ndjson has no such bound")
    ] = 2**28


class NdjsonFormat(Format):
    """JSON objects, one a line."""

    kind: Annotated[Literal["ndjson"], Field(description="one JSON object a line")]
