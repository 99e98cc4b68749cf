"""How fast the strict reader is: MB/s of CPU time over a generated file, and what memory it took.

.venv/bin/python benchmarks/scan.py [megabytes]
"""

import json
import mmap
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sales_lakehouse.scan import scan_unit
from sales_lakehouse.specs import SourceSpec, load_pipelines

PIPELINES = Path(__file__).parents[1] / "pipelines"
SAMPLE = PIPELINES / "samples/online-retail/2011-01-18.csv"
CHUNKS = 64


@contextmanager
def mapped(head: bytes, body: bytes, size: int) -> Iterator[mmap.mmap]:
    """Give a file of so many bytes, as the operating system pages it in."""
    with tempfile.TemporaryFile() as file:
        file.write(head)
        for _ in range(max(1, size // len(body))):
            file.write(body)
        file.flush()
        yield mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def measure(name: str, content: mmap.mmap, source: SourceSpec) -> None:
    """Read a file once and print a line about it."""
    wall, cpu = time.perf_counter(), time.process_time()
    rows = sum(batch.num_rows for batch in scan_unit(content, source))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    megabytes = len(content) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name:<34} {megabytes:6.0f} MB {rows:>10,} rows  {megabytes / cpu:6.1f} MB/s of CPU"
        f"  {megabytes / wall:6.1f} MB/s of wall  peak {peak:6.0f} MB"
    )


def main() -> None:
    """Measure the shapes that partners send."""
    size = int(sys.argv[1] if len(sys.argv) > 1 else 100) * 1_000_000
    head, _, lines = SAMPLE.read_bytes().partition(b"\n")
    gift = load_pipelines(PIPELINES).source("gift_partner")
    broken = gift.format.model_copy(update={"line_breaks_in_fields": True})
    ndjson = gift.model_validate({**gift.model_dump(by_alias=True), "format": {"kind": "ndjson"}})
    names, values = head.decode().split(","), lines.split(b"\n", 1)[0].decode().split(",")
    text = json.dumps(dict(zip(names, values, strict=True))).encode() + b"\n"
    for name, first, body, source in (
        ("one line a record", head + b"\n", lines, gift),
        ("line breaks in fields", head + b"\n", lines, gift.model_copy(update={"format": broken})),
        ("every hundredth line broken", head + b"\n", _with_damage(lines), gift),
        ("ndjson", b"", text * CHUNKS, ndjson),
    ):
        with mapped(first, body, size) as content:
            measure(name, content, source)


def _with_damage(lines: bytes) -> bytes:
    cut = lines.splitlines(keepends=True)
    return b"".join(b'"' + line if number % 100 == 0 else line for number, line in enumerate(cut))


if __name__ == "__main__":
    main()
