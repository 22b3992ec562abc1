"""A timeline as JSON: a page with ten thousand tests is to stay small.

What bars share is written once. Strings are numbers of `strings`, where one may be made of another
(the name of a test's loop has the id of the test in it). What a bar says apart from its time and
look is a number of `subjects`, and a subject leaves out what its test says already, and zeros at
its end. Times are whole microseconds. `assets/data.js` reads it.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from loopscope.report.model import Bar, Test, Timeline

_MICROSECONDS = 1e6
_PHASES = ("setup", "call", "teardown")
_DIFFERS, _UNENDED = 1, 2


class _Numbers(dict[Any, int]):
    """Numbers for values, in the order in which they come."""

    def of(self, value: Hashable) -> int:
        return self.setdefault(value, len(self))


class _Strings:
    """Numbers for strings; None is 0."""

    def __init__(self) -> None:
        self._numbers: dict[str | None, int] = {None: 0}
        self._written: list[Any] = [None]

    def number(self, text: str | None, part: str | None = None) -> int:
        """Return the number of `text`, which is likely to have `part` in it."""
        number = self._numbers.get(text)
        if number is None and text is not None:
            written: Any = text
            if part is not None and text != part and part in text:
                before, _, after = text.partition(part)
                written = [before, self.number(part), after]
            number = self._numbers[text] = len(self._written)
            self._written.append(written)
        return number or 0

    @property
    def all(self) -> list[Any]:
        return self._written


def columns(timeline: Timeline) -> dict[str, Any]:
    """Return `timeline` as a value that `json.dumps` can write."""
    strings, looks, subjects = _Strings(), _Numbers(), _Numbers()
    bars: dict[str, list[int]] = {
        name: [] for name in ("row", "begin", "length", "look", "subject")
    }
    tests = [_test(test, strings) for test in timeline.tests]
    notes: list[tuple[int, int]] = []
    first_rows = _first_rows(timeline)
    for index, bar in enumerate(timeline.bars):
        begin = _whole(bar.begin)
        flags = _DIFFERS * bar.differs + _UNENDED * (not bar.has_ended)
        test = None if bar.test is None else timeline.tests[bar.test]
        bars["row"].append(first_rows[bar.lane] + bar.row)
        bars["begin"].append(begin)
        bars["length"].append(_whole(bar.end) - begin)
        bars["look"].append(looks.of((bar.kind, bar.outcome, flags)))
        bars["subject"].append(subjects.of(_subject(bar, test, strings)))
        if bar.text:
            notes.append((index, strings.number(bar.text)))
    findings = [
        (
            finding.lane,
            _whole(finding.time),
            strings.number(finding.code),
            strings.number(finding.text),
            -1 if finding.test is None else finding.test,
        )
        for finding in timeline.findings
    ]
    return {
        "facts": timeline.facts,
        "end": _whole(timeline.end),
        "is_complete": timeline.is_complete,
        "lanes": [asdict(lane) for lane in timeline.lanes],
        "looks": list(looks),
        "bars": bars,
        "notes": notes,
        "subjects": list(subjects),
        "tests": tests,
        "findings": findings,
        "slowest_fixtures": [
            {**asdict(fixture), "total": fixture.total} for fixture in timeline.slowest_fixtures
        ],
        "loops_per_scope": [asdict(loops) for loops in timeline.loops_per_scope],
        "strings": strings.all,
    }


def _first_rows(timeline: Timeline) -> list[int]:
    rows, firsts = 0, []
    for lane in timeline.lanes:
        firsts.append(rows)
        rows += lane.rows
    return firsts


def _test(test: Test, strings: _Strings) -> list[Any]:
    return [
        strings.number(test.id, test.module),
        strings.number(test.module),
        strings.number(test.backend),
        strings.number(test.origin, test.module),
        strings.number(test.vocabulary),
        strings.number(test.planned, test.id),
        test.outcome,
    ]


def _subject(bar: Bar, test: Test | None, strings: _Strings) -> tuple[int, ...]:
    id = None if test is None else test.id
    is_phase = bar.kind in _PHASES
    return _stripped(
        (
            strings.number(None if is_phase else bar.name, id),
            -1 if bar.test is None else bar.test,
            strings.number(bar.observed, id),
            strings.number(None if is_phase else bar.planned, id),
            strings.number(None if is_phase else bar.origin),
            strings.number(bar.module) if test is None else 0,
            strings.number(bar.backend) if test is None else 0,
        )
    )


def _stripped(numbers: Iterable[int]) -> tuple[int, ...]:
    kept = list(numbers)
    while kept and kept[-1] == 0:
        kept.pop()
    return tuple(kept)


def _whole(seconds: float) -> int:
    return round(seconds * _MICROSECONDS)
