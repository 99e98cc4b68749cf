"""What a run leaves of an API that asks for a credential: reports, records and logs, and never the credential."""

import shutil
from pathlib import Path

import pytest
import yaml

from sales_lakehouse.simulate.churn import synthetic_orders
from sales_lakehouse.simulate.doorkeeper import Doorkeeper
from sales_lakehouse.simulate.faults import FAULTS
from sales_lakehouse.simulate.faulty import FaultyDoor
from tests.apis import api_source, behind
from tests.bundle.small_bundle import SmallBundle
from tests.canary import AUTH, leaks
from tests.conftest import PIPELINES
from tests.shops import served


def declare(folder: Path, kind: str) -> Path:
    """Copy the declarations; the shop's asks for a credential."""
    pipelines = Path(shutil.copytree(PIPELINES, folder / "pipelines", ignore=shutil.ignore_patterns("samples")))
    spec = api_source("next-url", page_size=10, auth=AUTH[kind][1], changes=None)
    said = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    (pipelines / "sources/online_shop.yml").write_text(yaml.safe_dump(said))
    return pipelines


def land_by(bundle: SmallBundle, pipelines: Path, url: str, key: str) -> dict[str, object]:
    """Describe a task that lands the shop at this address, into a lakehouse of its own."""
    shutil.copy(PIPELINES.parent / "notebooks/10_land.ipynb", bundle.folder)
    run = {"run_id": "{{job.run_id}}", "started_at": "{{job.start_time.iso_datetime}}"}
    places = {"lakehouse_root": f"{bundle.folder / key}", "inbox_root": f"{bundle.folder / 'inbox'}"}
    values = {"source": "online_shop", "pipelines_root": f"{pipelines}", "connections": f'{{"shop_api": "{url}"}}'}
    return {
        "task_key": key,
        "notebook_task": {"notebook_path": "./10_land.ipynb", "base_parameters": {**run, **places, **values}},
    }


@pytest.mark.parametrize("kind", ["key-query", "oauth2"])
def test_executed_notebooks_records_and_logs_hold_no_credential(
    bundle: SmallBundle, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in AUTH[kind][0].items():
        monkeypatch.setenv(name, value)
    pipelines, keeper = declare(bundle.folder, kind), Doorkeeper.of(kind, AUTH[kind][0], token_requests=4)
    spoiled = FaultyDoor("", FAULTS["redirect to another host"], foreign="http://localhost:9")
    with served([synthetic_orders(100)], keeper) as shop, behind(spoiled) as url:
        spoiled.origin = str(shop.base_url)
        bundle.job(land_by(bundle, pipelines, str(shop.base_url), "lands"), land_by(bundle, pipelines, url, "fails"))
        record = bundle.run()
    assert {task.task_key: str(task.state) for task in record.tasks} == {"lands": "SUCCESS", "fails": "FAILED"}
    assert "another origin" in next(task.message for task in record.tasks if task.task_key == "fails")
    written = [path for path in bundle.folder.rglob("*") if path.is_file()]
    assert {".ipynb", ".html", ".json"} <= {path.suffix for path in written}
    assert [path for path in written if leaks(path.read_bytes())] == []
