"""The lease in a bucket: moto as the store, once as it is and once deaf to conditions."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from sales_lakehouse.errors import LeaseHeldError, LeaseLostError, StoreError
from sales_lakehouse.lease import POSSESSION, hold
from sales_lakehouse.lease.bucket import BucketStore
from sales_lakehouse.lease.fence import writing
from sales_lakehouse.lease.stores import store_at
from sales_lakehouse.lease.take import Clock, take
from tests.leases import NOON, Time, elsewhere, put

ROOT = "s3://sales/prod"


class Emulator:
    """moto's S3 behind a switch that lets it not hear what a PUT demands.

    One request at a time: moto looks whether a name is taken and then takes it, which is two steps.
    """

    def __init__(self) -> None:
        self.deaf = False
        self._s3 = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if self.deaf:
            environ.pop("HTTP_IF_NONE_MATCH", None)
        return self._s3(environ, start_response)


@pytest.fixture(scope="module")
def emulator() -> Iterator[tuple[Emulator, str]]:
    emulator = Emulator()
    server = make_server("127.0.0.1", 0, emulator)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield emulator, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def s3(emulator: tuple[Emulator, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    import boto3

    store, url = emulator
    settings = {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_REGION": "us-east-1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="sales")
    store.deaf = False
    yield store
    for found in client.list_objects_v2(Bucket="sales").get("Contents", []):
        client.delete_object(Bucket="sales", Key=found["Key"])
    client.delete_bucket(Bucket="sales")


@pytest.mark.usefixtures("s3")
class TestBucket:
    """A store that honours `If-None-Match: *`."""

    def test_the_emulator_honours_conditions(self) -> None:
        store = store_at(ROOT)
        assert isinstance(store, BucketStore)
        store.prove()
        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(lambda n: store.create(1, f"{n}".encode()), range(40))) == 1
        assert store.numbers() == [1], "the proof is cleared away"

    def test_of_many_starts_at_once_exactly_one_holds_the_lease(self) -> None:
        def start(name: int) -> bool:
            try:
                take(store_at(ROOT), f"run {name}", Clock())
            except LeaseHeldError:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(start, range(24))) == 1

    def test_a_silent_holder_is_watched_and_its_lease_taken_over(self) -> None:
        store, time_ = store_at(ROOT), Time()
        put(store, 3, elsewhere("old", NOON - timedelta(minutes=2)))
        assert take(store, "next", time_.clock).number == 4
        assert time_.slept == [30]
        assert store.numbers() == [4]

    def test_tasks_write_until_the_lease_is_lost(self, monkeypatch: pytest.MonkeyPatch) -> None:
        held = hold({"lakehouse_root": ROOT}, "r1", {})
        assert held is not None
        monkeypatch.setenv(POSSESSION, held.environment[POSSESSION])
        with writing(ROOT, "r1"):
            pass
        with pytest.raises(LeaseHeldError, match=r"run r1 .* holds the lease of this lakehouse \(s3://sales/prod/ops"):
            hold({"lakehouse_root": ROOT}, "r2", {})
        put(store_at(ROOT), 2, elsewhere("r2", NOON))
        with pytest.raises(LeaseLostError, match="no longer its own: run r2 "), writing(ROOT, "r1"):
            pass
        held.release()

    def test_a_lease_that_was_given_back_is_free(self) -> None:
        for run_id in ("r1", "r2"):
            held = hold({"lakehouse_root": ROOT}, run_id, {})
            assert held is not None
            held.release()
        assert store_at(ROOT).numbers() == [2]


def test_a_store_that_takes_a_name_twice_is_refused_at_the_start(s3: Emulator) -> None:
    s3.deaf = True
    with pytest.raises(StoreError, match=r"s3://sales/prod/ops/lease: the store took the same name twice .*; nothing"):
        hold({"lakehouse_root": ROOT}, "r1", {})
    assert store_at(ROOT).numbers() == []


@pytest.mark.usefixtures("s3")
def test_a_bucket_that_is_not_there_is_named() -> None:
    with pytest.raises(StoreError, match=r"s3://nobodys/prod/ops/lease: the lease cannot be written: .*; nothing was"):
        hold({"lakehouse_root": "s3://nobodys/prod"}, "r1", {})
