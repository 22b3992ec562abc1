"""Places in the source: read when somebody wants to know, and equal wherever they come from."""

from __future__ import annotations

from loopscope.core.origin import Origin, UnreadOrigin


def test_a_place_is_told_by_path_and_line() -> None:
    assert str(Origin("tests/test_a.py", 12)) == "tests/test_a.py:12"


def test_what_is_not_read_yet_is_read_once_and_not_before_it_is_needed() -> None:
    events = []

    def find(what: object) -> Origin:
        events.append(what)
        return Origin("tests/test_a.py", 12)

    origin = UnreadOrigin(find, "test_it")
    assert events == []
    assert (origin.path, origin.line, str(origin)) == ("tests/test_a.py", 12, "tests/test_a.py:12")
    assert origin == Origin("tests/test_a.py", 12)
    assert hash(origin) == hash(Origin("tests/test_a.py", 12))
    assert origin != Origin("tests/test_a.py", 13)
    assert events == ["test_it"]
