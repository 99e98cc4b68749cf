"""Delta's jars: fetched once by the Ivy that Spark ships, checked against their sha256."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from xml.sax.saxutils import quoteattr

from bundle_runner.spark_home.errors import SetUpError
from bundle_runner.spark_home.java import Java
from bundle_runner.spark_home.network import java_network_options

# Only Maven Central, or the mirror that Spark's own variable names: a half-filled ~/.m2 is not asked.
_SETTINGS = """<ivysettings>
  <settings defaultResolver="central"/>
  <timeout-constraints>
    <timeout-constraint name="patient" connectionTimeout="20000" readTimeout="60000"/>
  </timeout-constraints>
  <resolvers>
    <ibiblio name="central" m2compatible="true" timeoutConstraint="patient" {root}/>
  </resolvers>
</ivysettings>
"""
_MODULE = """<ivy-module version="2.0">
  <info organisation="set-up" module="delta"/>
  <dependencies>
{dependencies}
  </dependencies>
</ivy-module>
"""
_DEPENDENCY = '    <dependency org="{org}" name="{module}" rev="{version}" conf="default-&gt;master"/>'


@dataclass(frozen=True)
class Jar:
    """One jar as it is locked."""

    sha256: str
    org: str
    module: str
    version: str

    @property
    def file(self) -> str:
        """Return the file's name, as Spark names what it fetched."""
        return f"{self.org}_{self.module}-{self.version}.jar"

    def is_in(self, folder: Path) -> bool:
        """Tell whether the folder has exactly these bytes."""
        path = folder / self.file
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == self.sha256


def locked_jars() -> list[Jar]:
    """Read the list of jars that stands beside this module."""
    lines = files("bundle_runner.spark_home").joinpath("delta.jars").read_text().splitlines()
    pairs = [line.split() for line in lines if line and not line.startswith("#")]
    return [Jar(sha256, *coordinates.split(":")) for sha256, coordinates in pairs]


def complete_jars(folder: Path, java: Java, pyspark: Path) -> int:
    """Fetch the jars that are missing or damaged and remove all others; return how many were fetched.

    Raises: SetUpError when they cannot be had; those that are there stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    jars = locked_jars()
    missing = [jar for jar in jars if not jar.is_in(folder)]
    for killed in folder.parent.glob(".fetch-*"):
        shutil.rmtree(killed)
    if missing:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetch-") as work:
            _fetch(missing, Path(work), _ivy(java, pyspark))
            for jar in missing:
                _checked(jar, Path(work) / "jars").replace(folder / jar.file)
    for path in _strangers(folder, jars):
        path.unlink()
    return len(missing)


def _strangers(folder: Path, jars: list[Jar]) -> Iterator[Path]:
    expected = {jar.file for jar in jars}
    return (path for path in folder.iterdir() if path.name not in expected)


def _ivy(java: Java, pyspark: Path) -> list[str]:
    shipped = sorted((pyspark / "jars").glob("ivy-*.jar"))
    if not shipped:
        raise SetUpError(
            f"pyspark is not complete: {pyspark / 'jars'} has no Ivy; remove the folder .venv, then: make setup-local"
        )
    return [str(java.path), "-cp", str(shipped[-1])]


def _fetch(jars: list[Jar], work: Path, ivy: list[str]) -> None:
    settings, module = work / "settings.xml", work / "module.xml"
    settings.write_text(_settings(os.environ))
    module.write_text(_module(jars))
    arguments = ["-settings", settings, "-ivy", module, "-cache", work / "cache", "-warn"]
    retrieve = ["-retrieve", f"{work}/jars/[organisation]_[module]-[revision].[ext]"]
    command = [*ivy, *java_network_options(work), "org.apache.ivy.Main", *map(str, arguments), *retrieve]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise SetUpError(_why(done.stdout))


def _settings(environ: Mapping[str, str]) -> str:
    mirror = environ.get("DEFAULT_ARTIFACT_REPOSITORY")
    return _SETTINGS.format(root=f"root={quoteattr(mirror)}" if mirror else "")


def _module(jars: list[Jar]) -> str:
    lines = [_DEPENDENCY.format(org=jar.org, module=jar.module, version=jar.version) for jar in jars]
    return _MODULE.format(dependencies="\n".join(lines))


def _why(output: str) -> str:
    """Turn what Ivy prints into one sentence with its remedy."""
    if "PKIX" in output or "SSLHandshake" in output:
        return (
            "Maven Central cannot be trusted from here (its certificate is signed by an authority unknown to "
            "Python): set SSL_CERT_FILE to a file with your company's certificates, then: make setup-local"
        )
    first = next((line.strip() for line in output.splitlines() if "Exception" in line or "not found" in line), "")
    return (
        f"Delta's jars could not be fetched from Maven Central ({first[:200] or 'no answer'}): check the network, set "
        "HTTPS_PROXY, or name a mirror in DEFAULT_ARTIFACT_REPOSITORY, then: make setup-local"
    )


def _checked(jar: Jar, folder: Path) -> Path:
    if not jar.is_in(folder):
        raise SetUpError(
            f"{jar.org}:{jar.module}:{jar.version} was fetched, but its sha256 is not the locked {jar.sha256[:12]}…; "
            "nothing was installed: try again, or ask who runs your mirror; then: make setup-local"
        )
    return folder / jar.file
