"""Names that only a workspace has: catalogs of Unity Catalog and paths of volumes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

_CATALOG = re.compile(
    r"REQUIRES_SINGLE_PART_NAMESPACE|CATALOG_NOT_FOUND|Couldn't find a catalog to handle"
    r"|SCHEMA_NOT_FOUND.*`spark_catalog`\.`[^`]+`\.`"
    r"|PARSE_SYNTAX_ERROR.*\b(?:USE\s+CATALOG|(?:CREATE|DROP|SHOW|ALTER)\s+(?:CATALOGS?|VOLUMES?))\b",
    re.DOTALL | re.IGNORECASE,
)
_VOLUME = re.compile(r"(?:dbfs:|file:)?/Volumes/")
_MISSING = re.compile(r"No such file|PATH_NOT_FOUND|Permission denied|Mkdirs failed|Read-only file system|not exist")


def explained(error: str) -> str:
    """Return the words of an error; where a name of a workspace is its cause, with what that means here."""
    if _CATALOG.search(error):
        return (
            f"{error}\nthere is no Unity Catalog here: tables are schema.table; take the catalog from a parameter that "
            "the target sets (docs/conformance.md)"
        )
    if _VOLUME.search(error) and _MISSING.search(error):
        return (
            f"{error}\nvolumes are not mapped here: /Volumes is a folder of this machine; take the path from a "
            "parameter that the target sets (docs/conformance.md)"
        )
    return error


def volumes_in(values: Mapping[str, str]) -> Iterator[str]:
    """Say of each value, by the name of what has it, that is a path of a volume which is no folder of this machine."""
    for name, value in values.items():
        if _VOLUME.match(value) and not Path(value.removeprefix("dbfs:").removeprefix("file:")).exists():
            yield (
                f"{name}: {value} is no volume here, but a path of this machine, and nothing is there; whatever writes "
                "to it makes it; give another one in this target"
            )
