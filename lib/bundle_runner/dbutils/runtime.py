"""The module `databricks.sdk.runtime`, from which notebooks in git take `dbutils` and `spark`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from types import ModuleType
from typing import Any

NAME = "databricks.sdk.runtime"


class Runtime(ModuleType):
    """Give `dbutils` of this process, and `spark` when it is asked for."""

    def __init__(self, utils: object, spark: Callable[[], Any]) -> None:
        super().__init__(NAME)
        self.dbutils = utils
        self._spark = spark

    def __getattr__(self, name: str) -> Any:
        if name == "spark":
            return self._spark()
        raise AttributeError(f"{NAME}.{name} is not offered by this runner; it has dbutils and spark")


def offer_runtime(utils: object, spark: Callable[[], Any]) -> None:
    """Let `from databricks.sdk.runtime import dbutils, spark` work; an installed SDK would ask for a workspace."""
    for name in ("databricks", "databricks.sdk"):
        if not find_spec(name):
            package = ModuleType(name)
            package.__path__ = []
            sys.modules.setdefault(name, package)
    sys.modules[NAME] = Runtime(utils, spark)
