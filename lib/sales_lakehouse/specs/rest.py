"""How a REST API delivers: where it is asked, how it pages, what it announces, how an increment is asked for."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from sales_lakehouse.specs.auth import Auth, NoAuth
from sales_lakehouse.specs.formats import Part
from sales_lakehouse.specs.paging import PagePaging, Paging
from sales_lakehouse.specs.tables import Name


class Total(Part):
    """What the API announces of a listing as a whole; what came is held against it."""

    at: Annotated[str | None, Field(description="path to it in the body: total, or meta.total")] = None
    header: Annotated[str | None, Field(description="or the response header that has it: X-Total-Count")] = None
    counts: Annotated[
        Literal["filtered", "all", "pages"],
        Field(description="the records that match the question; all, whatever was asked; the pages of the answer"),
    ] = "filtered"

    @model_validator(mode="after")
    def check_one_place(self) -> Self:
        """Refuse a total that stands nowhere or in two places."""
        if (self.at is None) == (self.header is None):
            raise ValueError("total: give exactly one of at, header")
        return self


class Changes(Part):
    """How an increment is asked for: only what changed since the last complete reading."""

    at: Annotated[str, Field(description="path in a record to the time of its last change: updated_at")]
    parameter: Annotated[str, Field(description="query parameter that asks for later changes: updated_since")]
    written: Annotated[
        Literal["iso", "iso_zone", "epoch_seconds", "epoch_milliseconds"],
        Field(description="how the time is written in question and record; iso has no zone, iso_zone ends in Z"),
    ] = "iso_zone"
    time_zone: Annotated[str, Field(description="the zone of a time written without one")] = "UTC"
    bound: Annotated[
        Literal["exclusive", "inclusive"], Field(description="whether the API brings records of the asked time itself")
    ] = "exclusive"
    overlap_seconds: Annotated[
        int,
        Field(
            ge=0,
            description="how far before the newest known change the next question begins: events that arrive late, "
            "with an older time, are found within it",
        ),
    ]

    @field_validator("time_zone")
    @classmethod
    def check_zone(cls, name: str) -> str:
        """Refuse a zone that is not known."""
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as cause:
            raise ValueError(f"{name!r} is no time zone like Europe/London") from cause
        return name


class Parents(Part):
    """Whose records this endpoint belongs to: it is asked once for each of them, `{parent}` in the path."""

    source: Annotated[Name, Field(description="the source that brings the parents")]
    at: Annotated[str, Field(description="path in a parent's record to what stands for {parent}: order_id")]
    at_once: Annotated[int, Field(ge=1, le=32, description="so many parents are asked for at the same time")] = 4


class Limits(Part):
    """What is the most that one reading may take; beyond it the reading fails by name."""

    connect_seconds: Annotated[float, Field(gt=0, description="until the server is reached")] = 5
    read_seconds: Annotated[float, Field(gt=0, description="between two pieces of an answer")] = 30
    total_seconds: Annotated[float, Field(gt=0, description="for one answer, however slowly it drips")] = 120
    reading_seconds: Annotated[float, Field(gt=0, description="for the whole reading, waiting included")] = 3600
    wait_seconds: Annotated[float, Field(ge=0, description="the longest wait that a server may ask for")] = 60
    attempts: Annotated[int, Field(ge=1, description="how often one page is asked for")] = 4
    walks: Annotated[int, Field(ge=1, description="how often a listing that shifts while it is read is walked")] = 4
    pages: Annotated[int, Field(ge=1, description="pages of one walk")] = 100_000
    page_bytes: Annotated[int, Field(ge=1, description="bytes of one answer, unpacked")] = 64 * 2**20
    reading_bytes: Annotated[int, Field(ge=1, description="bytes of the whole reading, unpacked")] = 8 * 2**30
    requests_per_second: Annotated[float | None, Field(gt=0, description="a rate that is never exceeded")] = None
    resume_seconds: Annotated[
        float, Field(ge=0, description="a killed reading that began longer ago is not resumed but begun anew")
    ] = 3600


class RestDelivery(Part):
    """Pages of a REST API. The records are where `format.records` says."""

    kind: Annotated[Literal["rest"], Field(description="pages of a REST API")]
    connection: Annotated[Name, Field(description="name of the base URL in the bundle's connections")]
    path: Annotated[
        str, Field(pattern="^/", description="what is asked for below the base URL: /orders, /orders/{parent}/refunds")
    ]
    parents: Annotated[
        Parents | None, Field(description="an endpoint per record of another source: the refunds of each order")
    ] = None
    parameters: dict[str, str] = Field(default_factory=dict, description="query parameters of every question")
    id: Annotated[str, Field(description="path in a record to what names it: order_id")]
    paging: Annotated[Paging, Field(description="how the next page is asked for")] = PagePaging(kind="page")
    page_size: Annotated[int | None, Field(ge=1, description="records asked for per page; null: the API's own")] = 100
    page_size_parameter: Annotated[str, Field(description="query parameter of the page size")] = "page_size"
    total: Annotated[
        Total | None,
        Field(description="the announced total; without it a listing that ends early cannot be told from a short one"),
    ] = None
    changes: Annotated[
        Changes | None, Field(description="how increments are asked for; without it the whole listing, each time")
    ] = None
    absent: Annotated[
        Literal["kept", "deleted"],
        Field(description="what a complete listing no longer has: kept, or deleted as silver.deleted says it"),
    ] = "kept"
    auth: Annotated[Auth, Field(description="how the API knows us")] = NoAuth(kind="none")
    allow: Annotated[
        tuple[Literal["loopback", "private", "link_local", "plain_http"], ...],
        Field(
            description="addresses beyond the public internet that the host may have, and http to hosts other than "
            "this machine"
        ),
    ] = ()
    limits: Annotated[Limits, Field(description="bounds of time, bytes and attempts")] = Limits()

    @model_validator(mode="after")
    def check_listing_is_whole(self) -> Self:
        """Refuse to compare increments: what did not change is not in them, and not gone."""
        if self.changes and self.absent == "deleted":
            raise ValueError("absent: deleted asks for the whole listing each time; leave changes out")
        return self

    @model_validator(mode="after")
    def check_parents(self) -> Self:
        """Refuse a path and parents that do not belong together."""
        if ("{parent}" in self.path) != (self.parents is not None):
            raise ValueError("parents: name them, and let {parent} stand in path; or leave out both")
        if self.parents and (self.changes or self.absent == "deleted"):
            raise ValueError("parents: each is asked for whole when it changes; leave changes and absent out")
        return self
