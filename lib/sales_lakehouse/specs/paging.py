"""The ways in which an API hands out a listing piece by piece."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from sales_lakehouse.specs.formats import Part

_KEEPS_PLACE = "records keep their place while one reads, so that one walk is enough; else two must agree"


class PagePaging(Part):
    """Pages by number."""

    kind: Annotated[Literal["page"], Field(description="page=1, page=2, …")]
    parameter: Annotated[str, Field(description="query parameter of the number")] = "page"
    first: Annotated[Literal[0, 1], Field(description="the number of the first page")] = 1
    keeps_place: Annotated[bool, Field(description=_KEEPS_PLACE)] = False


class OffsetPaging(Part):
    """Pages by the number of records before them."""

    kind: Annotated[Literal["offset"], Field(description="offset=0, offset=100, …")]
    parameter: Annotated[str, Field(description="query parameter of the offset")] = "offset"
    keeps_place: Annotated[bool, Field(description=_KEEPS_PLACE)] = False


class LinkPaging(Part):
    """The next page's URL in the header `Link` with rel="next"."""

    kind: Annotated[Literal["link"], Field(description="Link header")]


class NextUrlPaging(Part):
    """The next page's URL in the body."""

    kind: Annotated[Literal["next_url"], Field(description="URL in the body")]
    at: Annotated[str, Field(description="path to it: next, or links.next")] = "next"


class CursorPaging(Part):
    """A token that the answer gives and the next question gives back."""

    kind: Annotated[Literal["cursor"], Field(description="cursor or next-page token")]
    at: Annotated[str | None, Field(description="path to it in the body: next_cursor")] = None
    header: Annotated[str | None, Field(description="or the response header that has it")] = None
    parameter: Annotated[str | None, Field(description="query parameter that gives it back: cursor")] = None
    field: Annotated[
        str | None, Field(description="or the field of a JSON body that gives it back; the question is then a POST")
    ] = None

    @model_validator(mode="after")
    def check_both_ways(self) -> Self:
        """Refuse a cursor that comes from nowhere or goes nowhere."""
        if (self.at is None) == (self.header is None):
            raise ValueError("cursor: give exactly one of at, header: where the answer has it")
        if (self.parameter is None) == (self.field is None):
            raise ValueError("cursor: give exactly one of parameter, field: how the question gives it back")
        return self


class KeysetPaging(Part):
    """The id of the last record asks for those after it."""

    kind: Annotated[Literal["keyset"], Field(description="after_id=<the last id>")]
    parameter: Annotated[str, Field(description="query parameter of the last id")] = "after_id"


class SinglePaging(Part):
    """All in one answer."""

    kind: Annotated[Literal["single"], Field(description="one page")]


Paging: TypeAlias = Annotated[
    PagePaging | OffsetPaging | LinkPaging | NextUrlPaging | CursorPaging | KeysetPaging | SinglePaging,
    Field(discriminator="kind"),
]
