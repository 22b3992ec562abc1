"""A proof, and a comparison with another run, in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.cli.terminal import console, count, section

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import Console

    from loopscope.report.outcomes import Difference, OutcomeComparison
    from loopscope.report.proof import Proof
    from loopscope.report.verified import Verification

_LISTED = 20
_TOLD = ("python", "pytest", "pytest-loopscope", "pytest-asyncio", "anyio", "pytest-trio")
_KINDS = {
    "worse": "Worse",
    "better": "Better",
    "otherwise": "Otherwise",
    "gone": "Only in the other run",
    "new": "Only in this run",
}
_LOOPS = {"wider": "a wider loop", "narrower": "a narrower loop", "another": "another loop"}


def show(verification: Verification, *, err: bool = False) -> None:
    """Print `verification`, on standard error if that is asked for."""
    out = console(err=err)
    style = "bold red" if verification.is_refuted or verification.is_open else "bold green"
    if verification.proof is not None:
        _show_proof(out, verification.proof)
    if verification.comparison is not None:
        _show_comparison(out, verification.comparison)
    outcomes = ", ".join(f"{number} {word}" for word, number in verification.outcomes.items())
    tests = count(sum(verification.outcomes.values()), "test")
    out.print(f"{verification.verdict}: {tests}, {outcomes}", style=style)
    out.print(_made_with(verification.versions, "run with"), style="dim", soft_wrap=True)
    if verification.against is not None and verification.against != verification.versions:
        out.print(_made_with(verification.against, "against"), style="dim", soft_wrap=True)


def _made_with(versions: Mapping[str, str], how: str) -> str:
    told = (f"{name} {versions[name]}" for name in _TOLD if name in versions)
    return f"{how} {', '.join(told)}"


def _show_proof(out: Console, proof: Proof) -> None:
    for violation in proof.violations:
        head, _, rest = str(violation).partition("\n")
        out.print(head, style="bold red", soft_wrap=True)
        if rest:
            out.print(rest, soft_wrap=True)
        out.print()
    section(
        out,
        "Proved",
        [
            (str(proof.tests), "tests on a loop did everything where it was planned"),
            (str(proof.setups), "setups of async fixtures seen on the planned loop"),
            (str(proof.teardowns), "teardowns of async fixtures seen there, before it was closed"),
            (str(proof.loops), "loops opened, and closed after all that lived on them"),
        ],
        heads="",
    )
    section(
        out,
        "Not proved",
        [
            *((str(number), f"tests: {why}") for why, number in proof.unproved.items()),
            *((("", f"{name}: has a loop, and no code was seen on it")) for name in proof.unseen),
            *(("", gap) for gap in proof.gaps),
        ],
        limit=_LISTED,
    )
    section(
        out,
        "On no planned loop",
        [(str(number), f"tests: {why}") for why, number in proof.others.items()],
    )
    section(
        out,
        "Moved to the loop of what they asked for while they ran",
        [(test,) for test in proof.moved],
        limit=_LISTED,
    )


def _show_comparison(out: Console, comparison: OutcomeComparison) -> None:
    for kind, title in _KINDS.items():
        of_kind = [one for one in comparison.differences if one.kind == kind]
        section(out, title, [row for one in of_kind for row in _rows(one)], limit=_LISTED)
    rows = [(str(comparison.same), "tests ended the same")]
    if comparison.other_errors:
        rows.append((str(len(comparison.other_errors)), "of them with another error"))
    rows += [
        (str(comparison.loops[kind]), f"tests on {words} than in the other run")
        for kind, words in _LOOPS.items()
        if kind in comparison.loops
    ]
    section(out, "Compared", rows)
    out.print()


def _rows(one: Difference) -> Iterator[tuple[str, str]]:
    yield f"{one.old or 'not there'} -> {one.new or 'not there'}", f"{one.origin}  {one.test}"
    if one.error:
        yield "", one.error
