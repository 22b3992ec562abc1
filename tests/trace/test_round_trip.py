"""What is written is read, whatever it is and however much of it is left."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopscope.trace.events import KINDS, Found, RunEnded, TestEnded
from loopscope.trace.file import HEADER, TraceError, TraceFile, read, write
from tests.trace.runs import EVERY_KIND, any_of, any_processes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hypothesis.strategies import DataObject

    from loopscope.trace.events import Event


@pytest.fixture(scope="module")
def path() -> Iterator[Path]:
    """Yield one file for all examples of a property."""
    with TemporaryDirectory() as directory:
        yield Path(directory) / "trace.json"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@given(data=st.data())
def test_an_event_of_each_kind_comes_back(path: Path, kind: type[Event], data: DataObject) -> None:
    event = data.draw(any_of(kind))
    write(path, [[event]])
    assert read(path).processes == ((event,),)


@given(processes=any_processes)
def test_the_events_of_each_process_come_back_in_order(
    path: Path, processes: list[list[Event]]
) -> None:
    write(path, processes)
    trace = read(path)
    assert trace.processes == tuple(map(tuple, processes))
    assert trace.is_complete


@given(processes=any_processes)
def test_a_complete_file_is_json(path: Path, processes: list[list[Event]]) -> None:
    write(path, processes)
    lines = json.loads(path.read_text(encoding="utf-8"))
    assert sum("event" in line["args"] for line in lines) == sum(map(len, processes))


def is_prefix(events: Sequence[Event], of: Sequence[Event]) -> bool:
    return tuple(events) == tuple(of[: len(events)])


def test_a_file_that_is_cut_off_anywhere_opens_with_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    write(path, [EVERY_KIND])
    whole = path.read_bytes()
    numbers = []
    for position in range(len(whole)):
        path.write_bytes(whole[:position])
        trace = read(path)
        (events,) = trace.processes or ((),)
        assert is_prefix(events, EVERY_KIND)
        assert trace.is_complete == (position == len(whole) - 1)  # but for the end of the line
        numbers.append(len(events))
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(len(EVERY_KIND) + 1))


@given(processes=any_processes, data=st.data())
def test_any_file_that_is_cut_off_opens_with_what_was_written(
    path: Path, processes: list[list[Event]], data: DataObject
) -> None:
    write(path, processes)
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    for events, written in zip(read(path).processes, processes, strict=False):
        assert is_prefix(events, written)


def test_a_file_that_is_not_closed_has_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a" / "new" / "folder" / "trace.json"
    file = TraceFile(path)
    file.part(1).write(EVERY_KIND[:1])
    assert read(path).processes == (EVERY_KIND[:1],)
    assert not read(path).is_complete
    file.close()


def test_much_is_written_in_pieces(path: Path) -> None:
    events = [RunEnded(0.0, number) for number in range(3000)]
    write(path, [events])
    assert read(path).processes == (tuple(events),)


def written_by_hand(path: Path, *lines: object) -> Path:
    text = ",\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_text(f"{HEADER}{text}\n]\n", encoding="utf-8")
    return path


def line(**args: Any) -> dict[str, Any]:
    return {"ph": "i", "name": "any", "pid": 1, "tid": 1, "ts": 0, "args": args}


def test_unknown_events_and_fields_are_skipped(tmp_path: Path) -> None:
    path = written_by_hand(
        tmp_path / "trace.json",
        line(event="LoopPainted", time=1.0, colour="green"),
        line(event="RunEnded", time=2, exit_code=0, mood="good"),
        line(),
        [],
        "17",
        {"ph": "M"},
    )
    assert read(path).processes == ((RunEnded(2.0, 0),),)
    assert read(path).is_complete


def test_a_field_with_a_default_may_be_missing(tmp_path: Path) -> None:
    path = written_by_hand(tmp_path / "t.json", line(event="Found", time=1.0, code="A", text="b"))
    assert read(path).processes == ((Found(1.0, "A", "b", None),),)


def test_a_spoiled_line_costs_only_itself(tmp_path: Path) -> None:
    path = written_by_hand(
        tmp_path / "t.json", '{"ph":"i","na', line(event="RunEnded", time=2.0, exit_code=0)
    )
    assert read(path).processes == ((RunEnded(2.0, 0),),)
    assert not read(path).is_complete


@pytest.mark.parametrize(
    ("spoiled", "complaint"),
    [
        pytest.param(line(event="RunEnded", time=1.0), "RunEnded has no exit_code", id="missing"),
        pytest.param(
            line(event="RunEnded", time="now", exit_code=0),
            "the time of RunEnded cannot be 'now'",
            id="another-type",
        ),
        pytest.param(
            line(event="RunEnded", time=1.0, exit_code=True),
            "the exit_code of RunEnded cannot be True",
            id="a-bool-for-a-number",
        ),
        pytest.param(
            {"args": {"event": "RunEnded", "time": 1.0, "exit_code": 0}},
            "RunEnded is of no process",
            id="no-process",
        ),
    ],
)
def test_an_event_that_cannot_be_is_named(
    tmp_path: Path, spoiled: dict[str, Any], complaint: str
) -> None:
    path = written_by_hand(tmp_path / "trace.json", line(), spoiled)
    with pytest.raises(TraceError) as caught:
        read(path)
    assert str(caught.value) == f"{path}:4: {complaint}"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"{}", id="an-object"),
        pytest.param(b"[]", id="an-empty-array"),
        pytest.param(b'[\n{"ph":"M","args":{}}\n]\n', id="another-trace"),
        pytest.param(b"[\n17,\n]\n", id="an-array-of-numbers"),
        pytest.param(b"<html>\n</html>\n", id="a-page"),
        pytest.param(bytes(range(256)), id="noise"),
    ],
)
def test_what_is_no_trace_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(content)
    with pytest.raises(TraceError) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path} is not a trace: pytest --loopscope-trace=report.json writes one"
    )


def test_another_version_is_refused(tmp_path: Path) -> None:
    path = written_by_hand(tmp_path / "trace.json", line())
    path.write_text(path.read_text("utf-8").replace('"version":1', '"version":2'), "utf-8")
    with pytest.raises(TraceError) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path} is a trace of version 2, and this loopscope reads version 1: "
        "read it with the release that wrote it"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_an_error_and_leaves_nothing_open() -> None:
    with pytest.raises(OSError, match="No space"):
        TraceFile(Path("/dev/full"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_process_that_a_test_forks_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    file = TraceFile(path)
    file.part(1).write([TestEnded(1.0, 0.0, "test_it", None, ())])
    child = os.fork()
    if child == 0:
        del file
        os._exit(0)
    os.waitpid(child, 0)
    file.close()
    assert len(read(path).processes[0]) == 1
