"""No secret is a parameter, and one that a notebook fetches stands nowhere in the run folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle_runner.errors import ParameterError
from tests.bundle.small_bundle import SmallBundle, by_key, task

CANARY = "canary-8d1f60c2b7"

REFUSED = {
    "a name that says so": ({"api_token": CANARY}, "parameter api_token of job main looks like a secret: its name"),
    "a password": ({"db_password": CANARY}, "parameter db_password of job main"),
    "a key": ({"SHOP_APIKEY": CANARY}, "parameter SHOP_APIKEY of job main"),
    "a Databricks token": ({"x": "dapi" + "0123456789abcdef" * 2}, "parameter x .*: it holds a Databricks token"),
    "a bearer token": ({"x": f"Bearer {CANARY}-0000"}, "parameter x .*: it holds a bearer token"),
    "a password in an address": ({"x": f"https://me:{CANARY}@example.com"}, "it holds a password in an address"),
    "an assignment": ({"x": f'{{"client_secret": "{CANARY}"}}'}, "it holds a password or key"),
}


@pytest.mark.parametrize(("values", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_looks_like_a_secret_is_refused_before_anything_is_written(
    bundle: SmallBundle, values: dict[str, str], message: str
) -> None:
    one = bundle.notebook("one", "x = 1", parameters="\n".join(f"{name} = ''" for name in values))
    bundle.job(task("one", one), parameters=[{"name": name, "default": ""} for name in values])
    with pytest.raises(ParameterError, match=message) as refused:
        bundle.plan(**values)
    assert CANARY not in str(refused.value)
    assert "nothing was started" in str(refused.value).lower()
    assert not (bundle.folder / ".state").exists()


ALLOWED = {
    "a place of a secret": {"api_token": "shop/api_token"},
    "no value": {"api_token": ""},
    "a name about tokens": {"token_url": "https://example.com/token", "max_tokens": "12", "sort_key": "name"},
    "a hash": {"unit": "0123456789abcdef" * 4},
}


@pytest.mark.parametrize("values", ALLOWED.values(), ids=ALLOWED.keys())
def test_what_only_names_a_secret_is_let_through(bundle: SmallBundle, values: dict[str, str]) -> None:
    one = bundle.notebook("one", "x = 1", parameters="\n".join(f"{name} = ''" for name in values))
    bundle.job(task("one", one), parameters=[{"name": name, "default": ""} for name in values])
    assert bundle.plan(**values).parameters == values


def test_what_a_task_gives_is_looked_at_too(bundle: SmallBundle) -> None:
    one = bundle.notebook("one", "x = 1", parameters="password = ''")
    bundle.job(task("one", one, values={"password": CANARY}))
    with pytest.raises(ParameterError, match="parameter password of task one looks like a secret"):
        bundle.plan()


def test_a_secret_that_a_notebook_uses_stands_nowhere_in_the_run_folder(
    bundle: SmallBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", CANARY)
    use = "import os\ntoken = os.environ['SHOP_TOKEN']\nassert token.startswith('canary')"
    uses = bundle.notebook("uses", use, "length = len(token)\nlength")
    breaks = bundle.notebook("breaks", use, "raise ValueError(f'a token of {len(token)} characters was refused')")
    bundle.job(task("uses", uses), task("breaks", breaks))
    record = bundle.run()
    assert by_key(record)["breaks"].message.endswith("a token of 17 characters was refused")
    files = [path for path in (bundle.folder / ".state").rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [path for path in files if _holds_canary(path)] == []


def _holds_canary(path: Path) -> bool:
    return CANARY.encode() in path.read_bytes()
