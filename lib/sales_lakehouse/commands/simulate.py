"""`lakehouse simulate`: the sources of the samples, on this machine."""

import os
import shlex
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from sales_lakehouse.simulate.churn import Churn, synthetic_orders
from sales_lakehouse.simulate.customers import customer_listing
from sales_lakehouse.simulate.doorkeeper import KINDS, Doorkeeper
from sales_lakehouse.simulate.faults import FAULTS
from sales_lakehouse.simulate.health import HOST
from sales_lakehouse.simulate.inbox import drop_files
from sales_lakehouse.simulate.listing import Listing
from sales_lakehouse.simulate.orders import order_listing
from sales_lakehouse.simulate.partner_files import partner_files
from sales_lakehouse.simulate.places import INBOX_IN_BUNDLE, find_bundle, find_samples
from sales_lakehouse.simulate.products import product_listing
from sales_lakehouse.simulate.samples import TradingDay, read_samples
from sales_lakehouse.simulate.server import Play

API_URL_VARIABLE = "BUNDLE_VAR_shop_api_url"
INBOX_VARIABLE = "BUNDLE_VAR_inbox_root"
WITHIN_VARIABLE = "BUNDLE_RUN_WITHIN"
"""Tells the runner by which command this world can be made again: it ends with COMMAND, hints how to go on do not."""

_date_option = click.option(
    "--date",
    "until",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The world as of this day: everything up to and including it. Default: all days.",
)
_bundle_option = click.option(
    "--bundle",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="A folder in the bundle that holds the samples. Default: here.",
)
_port_option = click.option(
    "--port", type=click.IntRange(1, 65535), default=8765, show_default=True, help="Loopback port."
)


@click.group()
def simulate() -> None:
    """Play the sellers of the sample data: a shop and two partners.

    The shop has an API, the partners drop files. Every invoice of the samples belongs to one
    seller, by its number: the digits modulo 3 give 0 online_shop, 1 gift_partner, 2 euro_partner.
    """


@simulate.command("shop-api")
@_port_option
@_date_option
@_bundle_option
@click.option("--page-size", type=click.IntRange(1, 100), default=100, show_default=True)
@click.option("--orders", type=click.IntRange(1, 1_000_000), help="So many invented orders in place of the samples'.")
@click.option(
    "--changes-every",
    type=click.IntRange(1),
    help="Add an order and correct, cancel or delete one, every so many requests.",
)
@click.option("--auth", type=click.Choice(KINDS), help="Ask for credentials: those of the environment's SECRET_SHOP_….")
@click.option(
    "--fault", type=click.Choice([*FAULTS]), metavar="NAME", help="Let this go wrong, as docs/rest.md names it."
)
@click.option("--seed", type=int, default=0, help="Decides what is invented and where the fault strikes.")
@click.option("--until-stdin-ends", is_flag=True, hidden=True)
def shop_api(
    port: int, until: datetime | None, bundle: Path, page_size: int, until_stdin_ends: bool, **play: Any
) -> None:
    """Serve the online shop's REST API until Ctrl-C.

    /orders holds the shop's own orders; /customers and /products describe those of all sellers. All are served in
    every paging style, too: /styles/STYLE/orders, where STYLE is page-from-1, page-from-0, offset, link-header,
    next-url, cursor-body, cursor-header, cursor-post, token-header, after-id or single.
    """
    from sales_lakehouse.simulate.server import bind_port, serve

    if play["changes_every"] and play["orders"] is None:
        raise click.UsageError("--changes-every changes invented orders: give --orders, too")
    days = _days(bundle, until) if play["orders"] is None else ()
    orders = order_listing(days) if days else synthetic_orders(play["orders"], play["seed"])
    listings = (orders, customer_listing(days), product_listing(days))
    behaviour = _play(orders, play)
    with bind_port(port) as door:
        if not until_stdin_ends:
            click.echo(_shop_line(port, {each.name: len(each) for each in listings}), err=True)
        try:
            serve(listings, door, page_size, until_stdin_ends, behaviour)
        except KeyboardInterrupt:
            sys.exit(130)


@simulate.command("partner-files")
@click.option("--inbox", type=click.Path(path_type=Path), required=True, help="Where to drop them.")
@_date_option
@_bundle_option
def partner_files_command(inbox: Path, until: datetime | None, bundle: Path) -> None:
    """Drop the partners' daily files into an inbox.

    Files that are there with the same bytes are left untouched.
    """
    click.echo(_deliver(inbox, _days(bundle, until)))


@simulate.command(context_settings={"allow_interspersed_args": False})
@_port_option
@click.option(
    "--inbox",
    type=click.Path(path_type=Path, resolve_path=True),
    envvar=INBOX_VARIABLE,
    help="Where to drop the files. Default: .lakehouse/inbox of the bundle.",
)
@_date_option
@_bundle_option
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def world(port: int, inbox: Path | None, until: datetime | None, bundle: Path, command: tuple[str, ...]) -> None:
    """Run COMMAND with the shop up and the files dropped.

    COMMAND finds the shop's address in BUNDLE_VAR_shop_api_url, in BUNDLE_VAR_inbox_root an
    inbox that is not the bundle's own, and in BUNDLE_RUN_WITHIN how to make this world again; its exit code is passed
    on.
    """
    from sales_lakehouse.simulate import world as surroundings

    variables = {API_URL_VARIABLE: f"http://{HOST}:{port}"} | ({INBOX_VARIABLE: f"{inbox}"} if inbox else {})
    variables[WITHIN_VARIABLE] = shlex.join([f"{os.getpid()}", *_words_of_world()])
    days = _days(bundle, until)
    surroundings.check_command(command)
    with surroundings.shop_api(_server_command(port, until, bundle), port) as health:
        click.echo(_shop_line(port, health.records), err=True)
        click.echo(_deliver(inbox or find_bundle(bundle) / INBOX_IN_BUNDLE, days), err=True)
        code = surroundings.run_command(command, variables)
    sys.exit(code)


def _words_of_world() -> list[str]:
    """Return the command that makes this world, without the command in it; what was not given is left out."""
    context = click.get_current_context()
    given = {name: value for name, value in context.params.items() if _is_given(context, name)}
    options = {"port": "--port", "inbox": "--inbox", "until": "--date", "bundle": "--bundle"}
    words = [(options[name], value) for name, value in given.items() if name in options]
    texts = [(option, f"{value:%Y-%m-%d}" if isinstance(value, datetime) else f"{value}") for option, value in words]
    return ["lakehouse", "simulate", "world", *(part for pair in texts for part in pair), "--"]


def _is_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _play(orders: Listing, asked: Mapping[str, Any]) -> Play:
    keeper = Doorkeeper.of(asked["auth"], os.environ) if asked["auth"] else None
    churn = Churn(orders, asked["changes_every"], asked["seed"]) if asked["changes_every"] else None
    return Play(keeper, churn, FAULTS[asked["fault"]] if asked["fault"] else None, asked["seed"])


def _days(bundle: Path, until: datetime | None) -> tuple[TradingDay, ...]:
    return read_samples(find_samples(bundle), until.date() if until else None)


def _shop_line(port: int, records: Mapping[str, int]) -> str:
    counts = ", ".join(f"{count} {name}" for name, count in records.items())
    return f"shop API: http://{HOST}:{port}, {counts}"


def _deliver(inbox: Path, days: tuple[TradingDay, ...]) -> str:
    counts = drop_files(inbox, partner_files(days))
    return (
        f"partner files: {days[0].day} to {days[-1].day} in {inbox}: {counts['new']} new, "
        f"{counts['unchanged']} unchanged, {counts['changed']} changed"
    )


def _server_command(port: int, until: datetime | None, bundle: Path) -> list[str]:
    command = [sys.executable, "-m", "sales_lakehouse.commands.simulate", "shop-api", "--until-stdin-ends"]
    command += ["--port", f"{port}", "--bundle", f"{bundle}"]
    return command + (["--date", f"{until:%Y-%m-%d}"] if until else [])


if __name__ == "__main__":
    simulate()
