"""A PostgreSQL server for the suite in `postgres/`, and a way to run a suite in a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.cluster import find_programs, running_cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

# Suites of their own, with a root of their own: the tests here run them in a subprocess.
collect_ignore = ["postgres"]


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """The address of a PostgreSQL server that lives as long as the session."""
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL's initdb and pg_ctl are not installed (Debian: postgresql)")
    with running_cluster(programs) as dsn:
        yield dsn
