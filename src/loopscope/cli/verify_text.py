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
    out.print()
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
    section(out, "Proved", [(line,) for line in _proved(proof)])
    section(out, "Not proved", [(line,) for line in _unproved(proof)], limit=_LISTED)
    section(
        out,
        "On no planned loop",
        [(f"{count(number, 'test')}: {why}",) for why, number in proof.others.items()],
    )
    section(
        out,
        "Moved to the loop of what they asked for while they ran",
        [(test,) for test in proof.moved],
        limit=_LISTED,
    )


def _proved(proof: Proof) -> Iterator[str]:
    if proof.tests:
        yield f"{count(proof.tests, 'test')} did everything on the loop that was planned"
    if proof.setups:
        yield (
            f"{count(proof.setups, 'setup')} and {count(proof.teardowns, 'teardown')} of async "
            "fixtures ran on theirs"
        )
    if proof.loops:
        yield f"{count(proof.loops, 'loop')} closed after all that lived there"


def _unproved(proof: Proof) -> Iterator[str]:
    for why, number in proof.unproved.items():
        yield f"{count(number, 'test')}: {why}"
    for fixture in proof.unseen:
        yield f"{fixture}: has a loop, and none of its code was seen there"
    yield from proof.gaps


def _show_comparison(out: Console, comparison: OutcomeComparison) -> None:
    for kind, title in _KINDS.items():
        of_kind = [one for one in comparison.differences if one.kind == kind]
        section(out, title, [row for one in of_kind for row in _rows(one)], limit=_LISTED)
    lines = [f"{count(comparison.same, 'test')} ended the same"]
    if comparison.other_errors:
        number = count(len(comparison.other_errors), "test")
        lines.append(f"{number} of them with another error")
    lines += [
        f"{count(comparison.loops[kind], 'test')} on {words} than in the other run"
        for kind, words in _LOOPS.items()
        if kind in comparison.loops
    ]
    section(out, "Compared", [(line,) for line in lines])


def _rows(one: Difference) -> Iterator[tuple[str, str]]:
    yield f"{one.old or 'not there'} -> {one.new or 'not there'}", f"{one.origin}  {one.test}"
    if one.error:
        yield "", one.error
