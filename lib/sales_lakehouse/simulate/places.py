"""Find the bundle's folder and the raw samples in it."""

from pathlib import Path

from sales_lakehouse.simulate.errors import SimulatorError

SAMPLES_IN_BUNDLE = Path("pipelines/samples/online-retail")
INBOX_IN_BUNDLE = Path(".lakehouse/inbox")


def find_bundle(start: Path) -> Path:
    """Find the bundle that `start` lies in: the nearest folder upwards with a databricks.yml.

    Raises: SimulatorError when there is none.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / "databricks.yml").is_file():
            return folder
    raise SimulatorError(
        f"{start}: no databricks.yml here or in a folder above, so the samples cannot be found; "
        "go to the project's folder or name it with --bundle DIR"
    )


def find_samples(start: Path) -> Path:
    """Find the samples of the bundle that `start` lies in.

    Raises: SimulatorError when the bundle or its samples are missing.
    """
    folder = find_bundle(start) / SAMPLES_IN_BUNDLE
    if not any(folder.glob("*.csv")):
        raise SimulatorError(
            f"{folder}: no sample files (one CSV a day was expected); "
            f"restore them with: git checkout -- {SAMPLES_IN_BUNDLE}"
        )
    return folder
