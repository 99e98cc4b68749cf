"""Write the files of a bundle from text."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent


def write(folder: Path, **files: str) -> Path:
    """Write `name="text"` as name.yml; databricks.yml gets a bundle name where it says none."""
    for name, text in files.items():
        body = dedent(text)
        if name == "databricks" and "bundle:" not in body:
            body = "bundle: {name: small}\n" + body
        (folder / f"{name}.yml").write_text(body)
    return folder
