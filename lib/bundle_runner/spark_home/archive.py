"""The class-data archive: Spark's classes as the JVM keeps them in memory, so that it need not read 60 MB of jars.

A JVM with it starts in about half the time. Java writes it once, at the end of a process that has used the classes.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bundle_runner.spark_home.java import Java

ARCHIVE = "classes.jsa"
_SECONDS = 600


def complete_archive(home: Path, java: Java, pyspark: Path) -> bool:
    """Write the archive where it is missing or was made of other classes; tell whether there is one.

    Spark runs without it, only slower: whatever goes wrong here is no failure of set-up.
    """
    archive, note = home / ARCHIVE, home / f"{ARCHIVE}.of"
    made_of = _fingerprint(java, [*(home / "jars").glob("*.jar"), *(pyspark / "jars").glob("*.jar")])
    if archive.is_file() and note.is_file() and note.read_text() == made_of:
        return True
    archive.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".train-") as work:
        draft = Path(work) / ARCHIVE
        if not _train(home, draft):
            return False
        draft.replace(archive)
    note.write_text(made_of)
    return True


def _train(home: Path, draft: Path) -> bool:
    options = f"-XX:+UseSerialGC -XX:ArchiveClassesAtExit={draft} -Xlog:disable"
    places = {"SPARK_HOME": str(home), "SPARK_CONF_DIR": str(home / "conf"), "PYSPARK_PYTHON": sys.executable}
    command = [sys.executable, "-m", "bundle_runner.spark_home.training", str(draft.parent)]
    environment = {**os.environ, **places, "SPARK_DRIVER_JAVA_OPTIONS": options}
    try:
        subprocess.run(command, env=environment, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False
    return draft.is_file()


def _fingerprint(java: Java, jars: list[Path]) -> str:
    # The JVM itself compares names, sizes and times of the jars.
    facts = [f"{java}", *(f"{jar.name} {jar.stat().st_size} {jar.stat().st_mtime_ns}" for jar in sorted(jars))]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()
