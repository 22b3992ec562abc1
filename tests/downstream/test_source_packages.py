"""A source package is unpacked without its outer folder, and never outside of its place."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from downstream.environments import unpack
from downstream.errors import DownstreamError

if TYPE_CHECKING:
    from pathlib import Path


def archive(folder: Path, *names: str) -> Path:
    path = folder / "one-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as file:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 2
            file.addfile(member, io.BytesIO(b"ok"))
    return path


def test_the_outer_folder_is_left_off(tmp_path: Path) -> None:
    target = tmp_path / "source"
    unpack(archive(tmp_path, "one-1.0/setup.py", "one-1.0/tests/test_it.py"), target)
    assert (target / "tests" / "test_it.py").read_text() == "ok"
    assert not target.with_name("source.partial").exists()


@pytest.mark.parametrize("filtered", [True, False], ids=["filter", "no filter"])
def test_nothing_is_written_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filtered: bool
) -> None:
    if not filtered:
        monkeypatch.delattr(tarfile, "data_filter", raising=False)
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises(DownstreamError, match=r"one-1\.0\.tar\.gz"):
        unpack(archive(tmp_path, "one-1.0/../../outside"), inside / "source")
    assert not (tmp_path / "outside").exists()


def test_a_package_of_many_folders_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DownstreamError, match="not one folder but 2"):
        unpack(archive(tmp_path, "a/x", "b/x"), tmp_path / "source")


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one-1.0.tar.gz"
    path.write_bytes(b"not an archive")
    with pytest.raises(DownstreamError, match=r"one-1\.0\.tar\.gz"):
        unpack(path, tmp_path / "source")
