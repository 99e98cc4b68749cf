"""Set the project up in .venv: Python packages from the lock, Java, Delta's jars, the notebooks' kernel.

Runs by its path under a bare Python, before anything is installed, and does nothing when nothing changed.
It parses on Python 3.6, so that an old Python gets a sentence instead of a syntax error.
"""

import fcntl
import hashlib
import json
import os
import re
import shlex
import shutil
import ssl
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / ".set-up.json"
STARTED = VENV / ".set-up.started"
SPARK_SUBMIT = VENV / "spark" / "bin" / "spark-submit"
LOG = VENV / "set-up.log"
INSTALLERS = ("pip", "setuptools", "uv")
AGAIN = "then: make setup-local"

# What an installer prints -> what it means and how it is mended. The first that is found counts.
CAUSES = {
    r"No space left|os error 28": "the disk is full: make room, the environment needs about 2 GB",
    r"[Hh]ash mismatch|DO NOT MATCH THE HASHES": (
        "a package differs from requirements.lock and was not installed: try again, or ask who runs your mirror of PyPI"
    ),
    r"CERTIFICATE_VERIFY_FAILED|UnknownIssuer|invalid peer certificate": (
        "PyPI cannot be trusted from here: set SSL_CERT_FILE to a file with your company's certificates"
    ),
    r"NewConnectionError|ConnectTimeout|ReadTimeout|Max retries|ProxyError|dns error|error sending request|"
    r"Failed to fetch|Could not connect|Name or service": (
        "PyPI cannot be reached: check the network, set HTTPS_PROXY, or name a mirror in PIP_INDEX_URL"
    ),
    r"No matching distribution|no wheels|No solution found": (
        "a locked package does not exist for this system: the project runs on Linux and macOS, x86-64 and ARM"
    ),
}


class SetUpError(Exception):
    """Say in one sentence what is missing, and the command that mends it."""


def main() -> int:
    """Set up what is missing; return the exit code."""
    try:
        check_python(sys.version_info[:2])
        if is_current():
            return 0
        leave_own_environment()
        with only_one():
            if not is_current():
                set_up()
    except SetUpError as error:
        print("set-up: {}".format(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nset-up: stopped; make setup-local goes on where it was", file=sys.stderr)
        return 130
    return 0


def check_python(version: "tuple[int, int]") -> None:
    """Refuse a Python that Spark or the lock does not know."""
    if not (3, 11) <= version <= (3, 12):
        raise SetUpError(
            "this is Python {}.{} ({}); the project needs 3.11 or 3.12: install one, then: make setup-local "
            "PYTHON=python3.12".format(version[0], version[1], sys.executable)
        )


def wanted() -> Dict[str, str]:
    """Return everything that the environment depends on; set-up is current while it stays the same."""
    spark_home = Path(__file__).resolve().parent / "spark_home"
    return {
        "python": "{}.{}".format(*sys.version_info[:2]),
        "root": str(ROOT),
        "packages": fingerprint([ROOT / "pyproject.toml", LOCK, Path(__file__)]),
        "spark": fingerprint(sorted(path for path in spark_home.rglob("*") if path.suffix != ".pyc")),
        "java": "{}:{}".format(os.environ.get("JAVA_HOME", ""), shutil.which("java") or ""),
    }


def fingerprint(paths: List[Path]) -> str:
    """Return one hash over the files."""
    digest = hashlib.sha256()
    for path in paths:
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def recorded() -> Dict[str, str]:
    """Return what the last finished set-up wanted; empty if there was none."""
    try:
        return dict(json.loads(STAMP.read_text()))
    except (OSError, ValueError):
        return {}


def record(*names: str) -> None:
    """Write down what is done."""
    STAMP.write_text(json.dumps({name: wanted()[name] for name in names}, indent=1))


def is_current() -> bool:
    """Tell whether the last set-up finished, wanted the same, and its programs are still there."""
    needed = (venv_bin("python"), venv_bin("lakehouse"), chosen_java())
    return recorded() == wanted() and all(path.exists() for path in needed)


def chosen_java() -> Path:
    """Return the Java that Spark starts with: it may have been removed since."""
    try:
        found = re.search("(?m)^java=(.*)$", SPARK_SUBMIT.read_text())
    except OSError:
        found = None
    return Path(shlex.split(found.group(1))[0]) if found else SPARK_SUBMIT


def leave_own_environment() -> None:
    """Go on with the Python behind .venv: an environment cannot replace itself."""
    base = getattr(sys, "_base_executable", sys.executable)
    if Path(sys.prefix).resolve() == VENV:
        os.execv(base, [base, __file__])


@contextmanager
def only_one() -> Iterator[None]:
    """Let a second set-up of the same folder wait for the first."""
    folder = os.open(str(ROOT), os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        say("another set-up of this folder is running; waiting for it")
        fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(folder)


def set_up() -> None:
    """Do all steps; what is done is written down, so that an interrupted set-up is taken up there."""
    started = time.time()
    say("Python {}.{}.{} ({})".format(*sys.version_info[:3], sys.executable))
    make_environment()
    if recorded().get("packages") != wanted()["packages"]:
        install_packages()
        record("python", "root", "packages")
    if subprocess.call([str(venv_bin("python")), "-m", "bundle_runner.spark_home"], env=clean_environ()):
        sys.exit(1)  # it has said why
    record(*wanted())
    say("ready in {:.0f} s, in {}".format(time.time() - started, VENV.name))


def make_environment() -> None:
    """Create .venv, anew if it is broken, was moved or belongs to another Python."""
    before = recorded()
    moved = before.get("root", str(ROOT)) != str(ROOT)
    if not moved and version_of(venv_bin("python")) == sys.version_info[:2]:
        return
    for module in ("venv", "ensurepip"):
        if subprocess.call([sys.executable, "-c", "import " + module], stderr=subprocess.DEVNULL):
            raise SetUpError(
                "this Python ({0}) cannot make environments, its module {1} is missing: on Debian and Ubuntu, "
                "sudo apt install python{2}.{3}-venv; {4}".format(sys.executable, module, *sys.version_info[:2], AGAIN)
            )
    if VENV.exists():
        say(".venv is broken, was moved or belongs to another Python: making it anew")
        shutil.rmtree(str(VENV))
    run("the environment", [sys.executable, "-m", "venv", str(VENV)])


def version_of(python: Path) -> "tuple[int, ...]":
    """Start a Python and return its version; (0, 0) if it does not run."""
    command = [str(python), "-c", "import sys; print(*sys.version_info[:2])"]
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=clean_environ(), check=False
        )
    except OSError:
        return (0, 0)
    return tuple(map(int, done.stdout.split())) if done.returncode == 0 else (0, 0)


def install_packages() -> None:
    """Bring .venv to exactly the locked packages, and this project on top."""
    python = str(venv_bin("python"))
    if subprocess.call([python, "-m", "pip", "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        run("pip", [python, "-m", "ensurepip", "--upgrade"])
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    installers = VENV / "installers.lock"
    installers.write_text("".join(locked_lines(name) for name in INSTALLERS))
    run("the installers", [*pip, "--require-hashes", "-r", str(installers)])
    install_locked(python, pip)
    run("the project", [*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])


def install_locked(python: str, pip: List[str]) -> None:
    """Install what the lock says; after a set-up that was killed, also what seems to be there."""
    killed = STARTED.exists()
    size = "" if recorded() or killed else " (about 800 MB)"
    label = "{} packages{}".format(len(re.findall(r"(?m)^\S+==", LOCK.read_text())), size)
    STARTED.touch()
    if pip_has_its_own_index(python):
        again = ["--force-reinstall"] if killed else []
        run(label, [*pip, *again, "--require-hashes", "--no-build-isolation", "--use-pep517", "-r", str(LOCK)])
    else:
        again = ["--reinstall"] if killed else []
        uv = [str(venv_bin("uv")), "pip", "sync", "--require-hashes", "--no-build-isolation"]
        run(label, [*uv, *again, str(LOCK)])
    STARTED.unlink()


def locked_lines(name: str) -> str:
    """Return the lock's lines for one package, with its hashes.

    Raises: SetUpError if the lock lacks it.
    """
    found = re.search(r"^{}==(?:.*\\\n)*.*\n".format(re.escape(name)), LOCK.read_text(), re.MULTILINE)
    if not found:
        raise SetUpError("requirements.lock has no {}: make lock writes it anew; {}".format(name, AGAIN))
    return found.group()


def pip_has_its_own_index(python: str) -> bool:
    """Tell whether pip was told where packages come from: uv does not read pip's configuration."""
    command = [python, "-m", "pip", "config", "list"]
    settings = subprocess.run(command, stdout=subprocess.PIPE, env=clean_environ(), check=False)
    return bool(re.search(rb"(^|\.)(extra-)?index-url=", settings.stdout, re.MULTILINE))


def run(label: str, command: List[str]) -> None:
    """Run one step with its output in the log; on failure raise what it means."""
    say(label)
    VENV.mkdir(exist_ok=True)
    with open(str(LOG), "w+") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=clean_environ(), cwd=str(ROOT))
        wait_for(process)
        log.seek(0)
        if process.returncode:
            raise SetUpError(explain(log.read()))


def wait_for(process: "subprocess.Popen[bytes]") -> None:
    """Wait, and on a terminal show that time passes."""
    started = time.time()
    while process.poll() is None:
        time.sleep(0.1)
        if sys.stdout.isatty():
            print("\r        {:.0f} s\r".format(time.time() - started), end="", flush=True)


def say(text: str) -> None:
    """Print one line at once: children print between our lines."""
    print("set-up: {}".format(text), flush=True)


def explain(output: str) -> str:
    """Turn what an installer printed into one sentence with its remedy."""
    for pattern, cause in CAUSES.items():
        if re.search(pattern, output):
            return "{}; {}".format(cause, AGAIN)
    errors = [line.strip() for line in output.splitlines() if "error" in line.lower()]
    return "{}; everything it said is in {}; mend that, {}".format(
        (errors or ["the step above failed"])[-1][:300], LOG.relative_to(ROOT), AGAIN
    )


def clean_environ() -> Dict[str, str]:
    """Return the environment without what would lead an installer elsewhere."""
    strange = ("PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PIP_TARGET", "PIP_PREFIX", "CONDA_PREFIX")
    environ = {name: value for name, value in os.environ.items() if name not in strange}
    environ.update(PIP_USER="0", VIRTUAL_ENV=str(VENV))
    if sys.platform == "darwin" or ssl.create_default_context().get_ca_certs():
        environ.update(UV_SYSTEM_CERTS="1")  # uv's own list knows nothing of a company's authority
    return environ


def venv_bin(name: str) -> Path:
    """Return a program of .venv."""
    return VENV / "bin" / name


if __name__ == "__main__":
    sys.exit(main())
