"""The Delta tables: every read and write of a table goes through here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, DataFrameWriter, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from sales_lakehouse.errors import StorageError, TableError
from sales_lakehouse.files import refused
from sales_lakehouse.lease import writing
from sales_lakehouse.session import local_frame
from sales_lakehouse.signature import sign
from sales_lakehouse.specs.growth import Columns, compare_columns
from sales_lakehouse.uses import TableUses

_SIGNATURE = "spark.databricks.delta.commitInfo.userMetadata"
_REFUSALS = re.compile(r"No space left on device|Read-only file system|Permission denied|Mkdirs failed to create \S+")
_NO_TABLE = {"DELTA_PATH_DOES_NOT_EXIST", "DELTA_TABLE_NOT_FOUND", "DELTA_MISSING_DELTA_TABLE", "PATH_NOT_FOUND"}


def _go_on(point: str, table: str) -> None:
    """Let the work go on."""


@dataclass(frozen=True)
class Lakehouse:
    """The tables of one lakehouse: `layer.table` is the Delta folder `<root>/<layer>/<table>`.

    Every commit carries `run_id` in our signature, so that a commit of somebody else is told from ours.
    `reached` hears of each point at which a killed process would leave something half done, and of the table: a test
    lets the work fail there. `scratch` is where candidates go that nobody will promote: a dry run writes nothing else.
    """

    spark: SparkSession
    root: str
    run_id: str
    uses: TableUses = field(default_factory=TableUses, compare=False, repr=False)
    reached: Callable[[str, str], None] = _go_on
    scratch: str = ""

    def path(self, name: str) -> str:
        """Return the folder of a table."""
        return f"{self._root_of(name)}/{name.replace('.', '/')}"

    def _root_of(self, name: str) -> str:
        return self.scratch if self.scratch and name.startswith("candidates.") else self.root

    def exists(self, name: str) -> bool:
        """Tell whether the table has a first version."""
        return self._load(name) is not None

    def read(self, name: str) -> DataFrame:
        """Return a table.

        Raises: TableError when it was never written.
        """
        rows_df = self._load(name)
        if rows_df is None:
            raise TableError(f"table {name} does not exist under {self.root}; `lakehouse run sales_daily` makes it")
        self.uses.note_read(name, self.path(name))
        return rows_df

    def read_or_empty(self, name: str, schema: str | StructType) -> DataFrame:
        """Return a table in the columns of a schema, or no rows where it was never written.

        Columns that the table has not gained yet are NULL, types that grew since are cast.
        """
        rows_df = self._load(name)
        if rows_df is None:
            return local_frame(self.spark, [], schema)
        self.uses.note_read(name, self.path(name))
        wanted = columns_of(schema)
        return rows_df if columns_of(rows_df.schema) == wanted else _shaped(rows_df, wanted)

    def columns(self, name: str) -> Columns:
        """Return the published columns of a table; none before its first version."""
        rows_df = self._load(name)
        return {} if rows_df is None else columns_of(rows_df.schema)

    def grow(self, name: str, columns: Columns, partition: str | None = None) -> None:
        """Give a published table the columns and wider types that it lacks, in one commit; nothing where it has all.

        A wider type writes the table anew: Delta's own type widening shuts out readers that do not know it.
        """
        published = self.columns(name)
        growth = compare_columns(published, columns)
        if not published or not (growth.added or growth.widened):
            return
        if growth.widened:
            rows_df = _shaped(self.read(name), {**published, **growth.widened, **growth.added})
            self.overwrite(name, rows_df, partition)
            return
        listed = ", ".join(f"`{column}` {kind}" for column, kind in growth.added.items())
        self._run_sql(f"ALTER TABLE {self._quoted(name)} ADD COLUMNS ({listed})", name)

    def materialize(self, rows_df: DataFrame) -> DataFrame:
        """Return the same rows, computed once and held by the driver: for books and figures, not for sales."""
        table: Any = rows_df.toArrow()  # pyspark's stubs lack this form of createDataFrame
        return self.spark.createDataFrame(table, rows_df.schema)

    def version(self, name: str) -> int:
        """Return the number of the table's last commit; -1 before the first."""
        if not self.exists(name):
            return -1
        history = self.spark.sql(f"DESCRIBE HISTORY {self._quoted(name)} LIMIT 1")
        return int(history.collect()[0]["version"])

    def append(self, name: str, rows_df: DataFrame, write_id: str) -> None:
        """Add rows in one commit.

        `write_id` names the content: a second append with the same id is ignored by Delta, so a retry adds nothing.
        """
        writer = self._writer(rows_df, "append").option("mergeSchema", "true")
        self._save(writer.option("txnAppId", f"{name}/{write_id}").option("txnVersion", 1), name)

    def overwrite(self, name: str, rows_df: DataFrame, partition: str | None = None) -> None:
        """Replace all rows and the schema in one commit."""
        writer = self._writer(rows_df, "overwrite").option("overwriteSchema", "true")
        self._save(writer.partitionBy(partition) if partition else writer, name)

    def replace(self, name: str, rows_df: DataFrame, predicate: str, partition: str | None = None) -> None:
        """Replace the rows that match a predicate in one commit; the first write makes the table.

        A table that lacks columns of the rows gains them before, in a commit of its own.

        Raises: an error of Delta when a new row does not match the predicate; nothing is written then.
        """
        self.grow(name, columns_of(rows_df.schema), partition)
        writer = self._writer(rows_df, "overwrite")
        if self.exists(name):
            writer = writer.option("replaceWhere", predicate)
        self._save(writer.partitionBy(partition) if partition else writer, name)

    def merge_changes(
        self, name: str, changes_df: DataFrame, key: tuple[str, ...], columns: list[str], within: str = "true"
    ) -> None:
        """Apply rows labelled `_change` = new, update or delete in one commit; unchanged ones write nothing.

        `within` is SQL that holds for every row `t` of the table which a change is about: other files are not read.
        A table that lacks columns of the rows gains them before, in a commit of its own.
        """
        self.grow(name, columns_of(changes_df.select(columns).schema))
        if not self.exists(name):
            self.overwrite(name, changes_df.where("_change = 'new'").select(columns))
            return
        changes_df.where("_change <> 'unchanged'").createOrReplaceTempView("promoted_changes")
        on = " AND ".join([*(f"t.{column} <=> c.{column}" for column in key), within])
        assignments = ", ".join(f"t.{column} = c.{column}" for column in columns)
        values = ", ".join(f"c.{column}" for column in columns)
        merge = (  # names come from the contract, whose pattern lets no quote pass
            f"MERGE INTO {self._quoted(name)} t USING promoted_changes c ON {on} "
            "WHEN MATCHED AND c._change = 'delete' THEN DELETE "
            f"WHEN MATCHED AND c._change = 'update' THEN UPDATE SET {assignments} "
            f"WHEN NOT MATCHED AND c._change <> 'delete' THEN INSERT ({', '.join(columns)}) VALUES ({values})"
        )
        self._run_sql(merge, name)

    def delete(self, name: str, predicate: str) -> int:
        """Delete the rows that match a predicate in one commit, and return how many; none writes nothing."""
        found = self.read(name).where(predicate).count()
        if found:
            self._run_sql(f"DELETE FROM {self._quoted(name)} WHERE {predicate}", name)
        return found

    def compact(self, name: str) -> None:
        """Put small files together in one commit; the rows stay as they are."""
        self._run_sql(f"OPTIMIZE {self._quoted(name)}", name)

    def vacuum(self, name: str, hours: int) -> None:
        """Remove files that no version of the last hours needs: older ones cannot be read any more."""
        self._run_sql(f"VACUUM {self._quoted(name)} RETAIN {hours} HOURS", name)

    def _writer(self, rows_df: DataFrame, mode: str) -> DataFrameWriter:
        return rows_df.write.format("delta").mode(mode).option("userMetadata", sign(self.run_id))

    def _save(self, writer: DataFrameWriter, name: str) -> None:
        with self._committing(name):
            writer.save(self.path(name))

    def _run_sql(self, statement: str, name: str) -> None:
        """Run a statement that commits to a table: SQL takes the signature from the session alone."""
        with self._committing(name):
            self.spark.conf.set(_SIGNATURE, sign(self.run_id))
            try:
                self.spark.sql(statement)
            finally:
                self.spark.conf.unset(_SIGNATURE)

    @contextmanager
    def _committing(self, name: str) -> Iterator[None]:
        """Let one commit to a table happen, and only under the lease; the run's page tells of it.

        Raises: StorageError naming the table where the disk refuses it.
        """
        self.uses.note_write(name, self.path(name))
        with writing(self._root_of(name), self.run_id):
            self.reached("before commit", name)
            try:
                yield
            except Exception as cause:
                if reason := _refusal(str(cause)):
                    raise StorageError(refused(f"table {name} under {self.root}", reason)) from cause
                raise
            self.reached("after commit", name)

    def _load(self, name: str) -> DataFrame | None:
        try:
            rows_df = self.spark.read.format("delta").load(self.path(name))
            _ = rows_df.schema  # Spark Connect looks at the path no sooner than here
        except AnalysisException as cause:
            if cause.getCondition() in _NO_TABLE:
                return None
            raise
        return rows_df

    def _quoted(self, name: str) -> str:
        return f"delta.`{self.path(name)}`"


def columns_of(schema: str | StructType) -> Columns:
    """Return the SQL types of a schema by column name, as contracts write them."""
    struct: Any = StructType.fromDDL(schema) if isinstance(schema, str) else schema
    return {field.name: field.dataType.simpleString().upper() for field in struct.fields}


def _refusal(told: str) -> str | None:
    """Find what a disk says among what Spark says of it."""
    found = _REFUSALS.search(told)
    return found[0] if found else None


def _shaped(rows_df: DataFrame, columns: Columns) -> DataFrame:
    """Select these columns with these types; what the rows lack is NULL."""
    present = set(rows_df.columns)
    values = {name: F.col(f"`{name}`") if name in present else F.lit(None) for name in columns}
    return rows_df.select(*(values[name].cast(kind).alias(name) for name, kind in columns.items()))
