"""The cells of the fault table as parameters, and the laboratory that runs them."""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.laboratory import Laboratory

# The suite that is run around each fault; a few tests of it are meant to fail.
collect_ignore = ["suite"]

if not hasattr(os, "fork") or not all(map(importlib.util.find_spec, ("anyio", "trio"))):
    collect_ignore += ["test_faults.py", "test_judge.py"]
else:
    # Imported out here: the inner runs that other tests make in this process forget them.
    import anyio  # noqa: F401
    import trio  # noqa: F401


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    """Where cells are run."""
    from tests.faults.laboratory import Laboratory

    laboratory = Laboratory(tmp_path_factory.mktemp("faults"))
    yield laboratory
    laboratory.close()
