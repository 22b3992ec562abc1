"""Nothing grows with the number of tests: see `soak.py`, of which this is a short run."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from tests.faults.soak import Growth, Sample, findings, main

pytest.importorskip("anyio")
pytest.importorskip("trio")

SYNC = Growth(tests=1000, descriptors=0, threads=0, rss=10_000_000, objects=20_000)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="asks /proc")
def test_descriptors_threads_and_memory_stay_flat(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--tests", "600"])
    told = capsys.readouterr().out
    assert code == 0, told
    assert told.endswith("flat\n")


def test_what_grows_like_the_sync_suite_is_flat() -> None:
    assert not list(findings(SYNC, SYNC))


@pytest.mark.parametrize(
    ("what", "grown"),
    [("descriptors", 1), ("threads", 1), ("rss", 20_000_000), ("objects", 30_000)],
)
def test_whatever_grows_more_is_found(what: str, grown: int) -> None:
    (found,) = findings(replace(SYNC, **{what: grown}), SYNC)
    assert found.startswith(f"{what} grow by {grown:,}")


def test_what_is_to_stay_flat_counts_at_its_highest() -> None:
    samples = [Sample(100 * n, fds, 1, 10**6, 10**4) for n, fds in enumerate((5, 9, 8, 9, 10, 8))]
    assert Growth.of(samples).descriptors == 1
