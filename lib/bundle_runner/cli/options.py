"""What several commands ask on the command line: which bundle, which parameters, which tasks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click


def pairs(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Read `k=v` options; the value may contain further equal signs."""
    found: dict[str, str] = {}
    for value in values:
        name, sign, text = value.partition("=")
        if not sign or not name:
            raise click.BadParameter(f"expected name=value, got {value!r}", ctx=context, param=option)
        found[name] = text
    return found


def texts(context: click.Context, option: click.Parameter, value: str) -> dict[str, str]:
    """Read a JSON object of texts."""
    try:
        return {str(name): str(text) for name, text in json.loads(value).items()}
    except (ValueError, AttributeError):
        raise click.BadParameter(f"expected a JSON object, got {value!r}", ctx=context, param=option) from None


bundle_option = click.option(
    "--bundle",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder of databricks.yml; default: here or above.",
)
target_option = click.option("-t", "--target", help="Target of the bundle; default: the one marked default.")
var_option = click.option(
    "--var", "variables", multiple=True, callback=pairs, metavar="NAME=VALUE", help="Set a variable of the bundle."
)


root_option = click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder on this machine for a target that lives in a workspace.",
)


def bundle_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which bundle, and how."""
    for option in (bundle_option, var_option, root_option, target_option):
        command = option(command)
    return command


def words(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG001 click calls it so
    """Read comma-separated words, said once or several times."""
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


only_option = click.option(
    "--only",
    multiple=True,
    callback=words,
    metavar="TASKS",
    help="Run these tasks only, separated by commas; +task with all before it, task+ with all after it.",
)


params_option = click.option(
    "--params", multiple=True, callback=pairs, metavar="NAME=VALUE", help="Set a job parameter; may be repeated."
)
