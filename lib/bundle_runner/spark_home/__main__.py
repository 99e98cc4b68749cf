"""Write `<this environment>/spark`, and the kernel that notebooks start with it.

Run by set-up with the environment's own Python: `python -m bundle_runner.spark_home`.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from bundle_runner.spark_home.archive import complete_archive
from bundle_runner.spark_home.errors import SetUpError
from bundle_runner.spark_home.jars import complete_jars
from bundle_runner.spark_home.java import Java, choose_java


def main() -> int:
    """Write what is missing or changed, and say which Java was chosen."""
    try:
        write_home(Path(sys.prefix) / "spark")
    except SetUpError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    return 0


def write_home(home: Path) -> None:
    """Make the folder a Spark home of this environment.

    Raises: SetUpError when Java or the jars are not to be had.
    """
    java, passed_over = choose_java(os.environ)
    for other in passed_over:
        print(f"set-up: {other} is not used: Spark 4.1 does not run on it")
    print(f"set-up: {java}")
    pyspark = _pyspark()
    if fetched := complete_jars(home / "jars", java, pyspark):
        print(f"set-up: Delta's jars: {fetched} fetched")
    write_profile(home, java, pyspark)
    if not complete_archive(home, java, pyspark):
        print("set-up: no class archive could be written; Spark starts without it, some seconds slower")
    write_kernel(Path(sys.prefix) / "share" / "jupyter" / "kernels" / "python3", home)


def _pyspark() -> Path:
    spec = find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise SetUpError("pyspark is not installed in this environment; run: make setup-local")
    return Path(spec.origin).parent


def write_profile(home: Path, java: Java, pyspark: Path) -> None:
    """Write the start script and the local profile for this Java and this place."""
    profile = files("bundle_runner.spark_home").joinpath("profile")
    places = {"@JAVA@": str(java.path), "@HOME@": str(home), "@PYSPARK@": str(pyspark)}
    script = _filled(profile.joinpath("spark-submit").read_text(), {k: shlex.quote(v) for k, v in places.items()})
    _write(home / "bin" / "spark-submit", script, mode=0o755)
    for name in ("spark-defaults.conf", "log4j2.properties"):
        _write(home / "conf" / name, _filled(profile.joinpath(name).read_text(), places), mode=0o644)


def _filled(text: str, places: dict[str, str]) -> str:
    for mark, place in places.items():
        text = text.replace(mark, place)
    return text


def write_kernel(folder: Path, home: Path) -> None:
    """Let every notebook of this environment find its Spark, whatever the shell says."""
    kernel = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Sales lakehouse",
        "language": "python",
        "metadata": {"debugger": True},
        "env": {
            "SPARK_HOME": str(home),
            "SPARK_CONF_DIR": str(home / "conf"),
            "PYSPARK_PYTHON": sys.executable,
        },
    }
    _write(folder / "kernel.json", json.dumps(kernel, indent=1), mode=0o644)


def _write(target: Path, text: str, mode: int) -> None:
    """Replace the file in one step: a Spark that starts meanwhile sees the old or the new one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    partial.write_text(text)
    partial.chmod(mode)
    partial.replace(target)


if __name__ == "__main__":
    sys.exit(main())
