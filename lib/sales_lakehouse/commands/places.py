"""Where a command finds the declarations and the lakehouse: the bundle's own values, for the target of a laptop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import click

from sales_lakehouse.errors import ParameterError
from sales_lakehouse.landing import LandingStore
from sales_lakehouse.run import Run
from sales_lakehouse.specs import Pipelines, load_pipelines

format_option = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")


@dataclass(frozen=True)
class Places:
    """The bundle around a folder, asked for its values when they are needed."""

    folder: Path
    value_for: Callable[[str, Path], str]

    @classmethod
    def of(cls, context: click.Context, folder: Path) -> Places:
        """Take the way to the bundle's values from the command line that called."""
        return cls(folder.resolve(), context.find_root().obj)

    @cached_property
    def lakehouse_root(self) -> Path:
        """Return the folder of landing, bronze, silver, gold, quarantine and ops."""
        return Path(self._value("lakehouse_root"))

    @cached_property
    def pipelines(self) -> Pipelines:
        """Read all declarations."""
        return load_pipelines(Path(self._value("pipelines_root")))

    @property
    def landing(self) -> LandingStore:
        """Return the delivered units."""
        return LandingStore(self.lakehouse_root / "landing")

    def run(self, run_id: str, **parameters: Any) -> Run:
        """Return a run over this lakehouse that writes no table, to judge what a command asks about."""
        names = ("lakehouse_root", "inbox_root", "pipelines_root")
        return Run.of({"run_id": run_id, **{name: self._value(name) for name in names}, **parameters})

    def _value(self, name: str) -> str:
        value = self.value_for(name, self.folder)
        if not value:
            raise ParameterError(
                f"{self.folder}: no bundle here or above that has a value for {name}; go to the project's folder, or "
                "name it with --bundle DIR"
            )
        return value


Options = ParamSpec("Options")


def with_places(command: Callable[Concatenate[Places, Options], None]) -> Callable[..., None]:
    """Give a command the option --bundle, and the places of that bundle as its first argument."""

    @wraps(command)
    def called(folder: Path, *args: Options.args, **options: Options.kwargs) -> None:
        command(Places.of(click.get_current_context(), folder), *args, **options)

    return click.option(
        "--bundle",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path(),
        help="Folder of databricks.yml; default: here or above.",
    )(called)
