"""`dbutils.secrets` and `dbutils.fs` as a notebook calls them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bundle_runner.dbutils import DbUtils
from bundle_runner.dbutils.files import FileSystemError
from bundle_runner.dbutils.secrets import SecretError, redact_messages


@pytest.fixture
def utils(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DbUtils:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BUNDLE_DBFS", str(tmp_path / "dbfs"))
    monkeypatch.setenv("SECRET_SHOP_API_KEY", "c4n4'ry")
    return DbUtils()


def test_a_secret_is_an_environment_variable_of_its_scope_and_key(utils: DbUtils) -> None:
    assert utils.secrets.get("shop", "api-key") == "c4n4'ry"
    assert utils.secrets.getBytes(scope="shop", key="api-key") == b"c4n4'ry"
    assert [each.key for each in utils.secrets.list("shop")] == ["api_key"]
    with pytest.raises(SecretError, match=r"the secret 'pin' of scope 'shop' is not there; .* SECRET_SHOP_PIN; set it"):
        utils.secrets.get("shop", "pin")
    with pytest.raises(SecretError, match="listScopes is not offered"):
        utils.secrets.listScopes()


def test_a_message_of_the_kernel_holds_no_secret_that_was_asked_for(utils: DbUtils) -> None:
    class Session:
        def serialize(self, message: dict[str, Any], _: Any) -> Any:
            return message["content"]

    session = Session()
    redact_messages(session, utils.secrets)
    content = {"data": {"text/plain": "'c4n4\\'ry' c4n4'ry"}, "traceback": ["c4n4'ry", "c4n4%27ry"], "count": 3}
    assert session.serialize({"content": content}) == content, "nobody has asked for it yet"
    utils.secrets.get("shop", "api-key")
    assert session.serialize({"content": content}) == {
        "data": {"text/plain": "'[REDACTED]' [REDACTED]"},
        "traceback": ["[REDACTED]", "[REDACTED]"],
        "count": 3,
    }


def test_files_of_dbfs_lie_below_the_target(utils: DbUtils, tmp_path: Path) -> None:
    fs = utils.fs
    assert fs.put("dbfs:/in/a.txt", "äb")
    assert (tmp_path / "dbfs/in/a.txt").read_text() == "äb"
    assert fs.mkdirs("dbfs:/in/deep/er")
    assert [(f.path, f.name, f.size, f.isDir()) for f in fs.ls("dbfs:/in")] == [
        ("dbfs:/in/a.txt", "a.txt", 3, False),
        ("dbfs:/in/deep/", "deep/", 0, True),
    ]
    assert fs.head("dbfs:/in/a.txt", 2) == "ä"
    with pytest.raises(FileSystemError, match=r"dbfs:/in/a.txt exists and was left as it is; say overwrite=True"):
        fs.put("dbfs:/in/a.txt", "c")
    assert fs.put("dbfs:/in/a.txt", "c", True)
    assert fs.head("dbfs:/in/a.txt") == "c"
    with pytest.raises(FileSystemError, match="leads out of dbfs:/; nothing was done"):
        fs.ls("dbfs:/../other")


def test_files_are_copied_moved_and_removed_and_folders_only_on_demand(utils: DbUtils, tmp_path: Path) -> None:
    fs = utils.fs
    fs.put(f"file:{tmp_path}/a/one.txt", "1")
    assert fs.cp(f"{tmp_path}/a/one.txt", "dbfs:/b/two.txt")
    assert fs.mv("dbfs:/b/two.txt", "dbfs:/c/three.txt")
    assert fs.ls(f"{tmp_path}/a")[0].path == f"file:{tmp_path}/a/one.txt"
    for act in (lambda: fs.cp("dbfs:/c", "dbfs:/d"), lambda: fs.mv("dbfs:/c", "dbfs:/d"), lambda: fs.rm("dbfs:/c")):
        with pytest.raises(FileSystemError, match="dbfs:/c is a folder and was left as it is; say recurse=True"):
            act()
    assert fs.cp("dbfs:/c", "dbfs:/d", True)
    assert fs.rm("dbfs:/c", recurse=True)
    assert not fs.rm("dbfs:/c")
    assert [f.path for f in fs.ls("dbfs:/")] == ["dbfs:/b/", "dbfs:/d/"]
    assert fs.rm("dbfs:/b"), "an empty folder"
    with pytest.raises(FileSystemError, match="which holds this notebook; nothing was removed"):
        fs.rm(str(tmp_path), True)
    with pytest.raises(FileSystemError, match=r"s3:/ is not reached by this runner's dbutils.fs"):
        fs.ls("s3://bucket/x")
    with pytest.raises(FileSystemError, match=r"dbfs:/none does not exist; here it would be .*/dbfs/none"):
        fs.head("dbfs:/none")


def test_what_is_not_offered_is_refused_by_name(utils: DbUtils) -> None:
    with pytest.raises(AttributeError, match=r"dbutils.credentials is not offered by this runner; it has widgets"):
        _ = utils.credentials
    with pytest.raises(AttributeError, match=r"dbutils.fs.mounts is not offered by this runner; it has ls, head"):
        _ = utils.fs.mounts
