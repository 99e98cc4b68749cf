"""The class-data archive: Spark's classes as the JVM keeps them in memory, so that it need not read 60 MB of jars.

A JVM with it starts in about half the time. Java writes it once, at the end of a process that has used the classes.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bundle_runner.spark_home.java import Java

ARCHIVE = "classes.jsa"
_SECONDS = 600
_TELL_EVERY = 20.0
"""Seconds between two signs of life where the screen is no terminal."""


def complete_archive(home: Path, java: Java, pyspark: Path) -> bool:
    """Write the archive where it is missing or was made of other classes; tell whether there is one.

    Spark runs without it, only slower: whatever goes wrong here is no failure of set-up.
    """
    archive, note = home / ARCHIVE, home / f"{ARCHIVE}.of"
    made_of = _fingerprint(java, [*(home / "jars").glob("*.jar"), *(pyspark / "jars").glob("*.jar")])
    if archive.is_file() and note.is_file() and note.read_text() == made_of:
        return True
    archive.unlink(missing_ok=True)
    print(
        "set-up: an archive of Spark's classes (about 190 MB), once: mostly one to two minutes, more on a busy machine;"
    )
    print("        Spark then starts in half the time", flush=True)
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
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return wait_for(process, _SECONDS, _TELL_EVERY) and draft.is_file()


def wait_for(process: subprocess.Popen[bytes], limit: float, tell_every: float) -> bool:
    """Wait for a process and show that time passes; end it after `limit` seconds, and tell whether it ended itself."""
    started, told = time.monotonic(), 0.0
    while process.poll() is None:
        time.sleep(0.1)
        passed = time.monotonic() - started
        if passed > limit:
            process.kill()
            process.wait()
            return False
        if sys.stdout.isatty():
            print(f"\r        {passed:.0f} s\r", end="", flush=True)
        elif passed - told >= tell_every:
            told = passed
            print(f"set-up: ... {passed:.0f} s", flush=True)
    return True


def _fingerprint(java: Java, jars: list[Path]) -> str:
    # The JVM itself compares names, sizes and times of the jars.
    facts = [f"{java}", *(f"{jar.name} {jar.stat().st_size} {jar.stat().st_mtime_ns}" for jar in sorted(jars))]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()
