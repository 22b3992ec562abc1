"""What became of the tests of a run, and whether it is the same in another run."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from loopscope.errors import LoopscopeError
from loopscope.report.places import Place, direction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FORMAT = "loopscope outcomes"
VERSION = 1
"""Raised when a field is removed or means something else."""

RANK = ("passed", "skipped", "xfailed", "xpassed", "failed", "error")
"""What can come of a test, from what says least about it to what says most."""
_BAD = ("failed", "error")
_BACKENDS = frozenset({"asyncio", "trio", "uvloop", "asyncio+uvloop", "asyncio+winloop"})
_PARAMETERS = re.compile(r"\[(.*)\]$", re.DOTALL)
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+|\d+")


class OutcomesError(LoopscopeError):
    """A file that cannot be read as the outcomes of a run; the message says why."""


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """What became of one test, phase by phase; of what could not be collected, in that "phase"."""

    __test__ = False

    id: str
    origin: str
    phases: dict[str, str] = field(default_factory=dict)
    error: str | None = None
    loop: Place | None = None

    @property
    def outcome(self) -> str:
        """One word for it: an "error" is a failure outside of the body of the test."""
        words = {
            "error" if (outcome, when != "call") == ("failed", True) else outcome
            for when, outcome in self.phases.items()
        }
        return max(words, key=RANK.index, default="passed")


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The outcomes of one run, by test, and what it was run with; `exit_code` None if cut off."""

    versions: dict[str, str]
    tests: dict[str, TestOutcome]
    exit_code: int | None

    def with_loops(self, loops: Mapping[str, Place | None]) -> Outcomes:
        """Return the same with the loops that tests were seen to run on."""
        tests = {id: replace(test, loop=loops.get(id)) for id, test in self.tests.items()}
        return replace(self, tests=tests)

    def encode(self) -> str:
        """Return them as JSON."""
        return json.dumps(
            {
                "format": FORMAT,
                "version": VERSION,
                "versions": self.versions,
                "exit_code": self.exit_code,
                "tests": [_plain(test) for test in self.tests.values()],
            },
            indent=1,
        )


def _plain(test: TestOutcome) -> dict[str, Any]:
    loop = test.loop and {
        "backend": test.loop.backend,
        "scope": test.loop.scope,
        "node": test.loop.node,
    }
    return {
        "id": test.id,
        "origin": test.origin,
        "phases": test.phases,
        "error": test.error,
        "loop": loop,
    }


def decode(text: str) -> Outcomes:
    """Return what `Outcomes.encode` has told.

    Raises:
        OutcomesError: it is something else, or of a version that is not known here.
    """
    try:
        given = json.loads(text)
        if given["format"] != FORMAT:
            raise ValueError
        version = given["version"]
    except (ValueError, KeyError, TypeError):
        raise OutcomesError("it is not what loopscope verify --save writes") from None
    if version != VERSION:
        raise OutcomesError(
            f"it is of version {version!r}, and this loopscope reads version {VERSION}"
        )
    try:
        tests = [
            TestOutcome(
                str(one["id"]),
                str(one["origin"]),
                {str(when): _known(outcome) for when, outcome in one["phases"].items()},
                one["error"],
                one["loop"] and Place(**one["loop"]),
            )
            for one in given["tests"]
        ]
        return Outcomes(dict(given["versions"]), {one.id: one for one in tests}, given["exit_code"])
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise OutcomesError(f"it cannot be read: {exc!r}") from None


def _known(outcome: object) -> str:
    if outcome not in RANK:
        raise ValueError(f"{outcome!r} is none of {', '.join(RANK)}")
    return str(outcome)


def recorded(lines: Iterable[str]) -> Outcomes:
    """Return what the recorder of outcomes has written; a line that was cut off is left out."""
    versions: dict[str, str] = {}
    tests: dict[str, TestOutcome] = {}
    exit_code = None
    for line in lines:
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if "python" in said:
            versions = {"python": said["python"], "pytest": said["pytest"], **said["plugins"]}
        elif "exit" in said:
            exit_code = said["exit"]
        elif said["outcome"] in RANK:  # and not "rerun", after which it is tried once more
            id, when = said["test"], said["when"]
            test = tests.setdefault(id, TestOutcome(id, said["origin"]))
            # The same phase twice: subtests, or a test that is collected twice.
            worst = max(test.phases.get(when, "passed"), said["outcome"], key=RANK.index)
            error = test.error or said["error"] or None
            tests[id] = replace(test, phases={**test.phases, when: worst}, error=error)
    return Outcomes(versions, tests, exit_code)


@dataclass(frozen=True, slots=True)
class Difference:
    """A test that ended otherwise: `kind` is "worse", "better", "otherwise", "gone" or "new".

    `old` and `new` say how, phase by phase if one word says the same of both.
    """

    kind: str
    test: str
    origin: str
    old: str | None
    new: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class OutcomeComparison:
    """What two runs have in common, and what not.

    `same` tests ended the same, of which those in `other_errors` with another first line of their
    error. `loops` counts, of those whose loops are known from both, how the loop has changed:
    "wider", "narrower", "another" or "same".
    """

    same: int
    differences: tuple[Difference, ...]
    other_errors: tuple[str, ...]
    loops: dict[str, int]


def compare(old: Outcomes, new: Outcomes) -> OutcomeComparison:
    """Compare two runs of a suite, test by test."""
    pairs = list(_pairs(old.tests, new.tests))
    differences = tuple(filter(None, (_difference(*pair) for pair in pairs)))
    both = [(before, after) for before, after in pairs if before and after]
    loops: dict[str, int] = {}
    for before, after in both:
        if before.loop is not None and after.loop is not None:
            word = _change(before.loop, after.loop)
            loops[word] = loops.get(word, 0) + 1
    return OutcomeComparison(
        len(pairs) - len(differences),
        differences,
        tuple(
            after.id
            for before, after in both
            if before.phases == after.phases and _core(before.error) != _core(after.error)
        ),
        loops,
    )


def _change(old: Place, new: Place) -> str:
    # Who only observes knows the library, and not what the suite calls the backend.
    if {old.backend, new.backend} <= _BACKENDS and old.backend != new.backend:
        return "another"
    before, after = (replace(place, backend="") for place in (old, new))
    return "same" if before == after else direction(before, after)


def _core(error: str | None) -> str:
    """Return what of a message is the same in every run."""
    return _ADDRESS.sub("", error or "")


def _difference(old: TestOutcome | None, new: TestOutcome | None) -> Difference | None:
    if old is None or new is None:
        one = old or new
        assert one is not None
        if old is None:
            return Difference("new", one.id, one.origin, None, one.outcome, one.error)
        return Difference("gone", one.id, one.origin, one.outcome, None, one.error)
    if old.phases == new.phases:
        return None
    before, after, kind = old.outcome, new.outcome, "otherwise"
    if (before in _BAD) != (after in _BAD):
        kind = "better" if before in _BAD else "worse"
    if before == after:
        before, after = _in_full(old), _in_full(new)
    error = old.error if kind == "better" else new.error
    return Difference(kind, new.id, new.origin, before, after, error)


def _in_full(test: TestOutcome) -> str:
    return ", ".join(f"{when} {outcome}" for when, outcome in test.phases.items())


def _pairs(
    old: Mapping[str, TestOutcome], new: Mapping[str, TestOutcome]
) -> Iterator[tuple[TestOutcome | None, TestOutcome | None]]:
    """Yield each test with itself in the other run.

    If another vocabulary has given it other parameters, its id has the name of a backend more or
    less; what runs on asyncio comes first then.
    """
    rest: dict[str, list[TestOutcome]] = {}
    for id, test in old.items():
        if id not in new:
            rest.setdefault(without_backend(id), []).append(test)
    for left in rest.values():
        left.sort(key=lambda test: "asyncio" not in test.id)
    later: dict[str, list[TestOutcome]] = {}
    for id, test in new.items():
        if id in old:
            yield old[id], test
        else:
            later.setdefault(without_backend(id), []).append(test)
    for key, found in later.items():
        found.sort(key=lambda test: "asyncio" not in test.id)
        for test in found:
            before = rest.get(key)
            yield (before.pop(0) if before else None), test
    for left in rest.values():
        for test in left:
            yield test, None


def without_backend(id: str) -> str:
    """Return the id of a test without the names of backends among its parameters."""
    found = _PARAMETERS.search(id)
    if found is None:
        return id
    kept = [part for part in found[1].split("-") if part not in _BACKENDS]
    name = id[: found.start()]
    return f"{name}[{'-'.join(kept)}]" if kept else name
