"""What the terminal shows of a plan."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, TextIO

from loopscope.core.scope import Scope
from loopscope.plugin import _compat

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Sequence

    import pytest

    from loopscope.core.plan import Loop, Plan
    from loopscope.diagnose.catalog import Finding
    from loopscope.plugin.options import Settings
    from loopscope.report.ladder import Ladder


def header(settings: Settings) -> str:
    """Return the line for pytest's header."""
    if settings.engine == "off":
        return "loopscope: engine=off"
    return (
        f"loopscope: mode={settings.mode}, loops={settings.policy.value}, "
        f"backends={','.join(settings.backends)}"
    )


def owners_summary(counts: Counter[str | None], ours: str) -> list[str]:
    """Return the line that tells in which vocabulary how many async tests are written.

    `counts` is by the name of a dialect, or None for tests that nobody claims. There is nothing to
    tell where they are all in `ours`.
    """
    unclaimed = counts.pop(None, 0)
    parts = [f"{count} {name}" for name, count in counts.most_common()]
    if unclaimed:
        parts.append(f"{unclaimed} that nobody claims")
    return [f"async tests: {', '.join(parts)}"] if unclaimed or set(counts) - {ours} else []


def announce(config: pytest.Config, action: str, loop: Loop) -> None:
    """Write a line in the style of `--setup-show`: a loop is set up, or torn down."""
    _show(config, loop.anchor.scope, f"{action:<8} {_letter(loop)} loop of {loop.name}")


def announce_owner(config: pytest.Config, owner: str, loop: Loop | None) -> None:
    """Write a line in the style of `--setup-show`: in which vocabulary and where a test runs."""
    where = "in a run of its own" if loop is None else f"on the loop of {loop.name}"
    _show(config, Scope.FUNCTION, f"OWNER    F {owner}, {where}")


def _letter(loop: Loop) -> str:
    return loop.anchor.scope.word[0].upper()


def _show(config: pytest.Config, scope: Scope, line: str) -> None:
    capture = config.pluginmanager.getplugin("capturemanager")
    with nullcontext() if capture is None else capture.global_and_fixture_disabled():
        terminal = config.get_terminal_writer()
        terminal.line()
        terminal.write("  " * (Scope.SESSION - scope))
        terminal.write(line)
        terminal.flush()


def tell(config: pytest.Config, lines: Iterable[str], otherwise: TextIO) -> None:
    """Write lines at the very end of a run, below pytest's summary."""
    terminal = config.pluginmanager.getplugin("terminalreporter")
    for line in lines:
        if terminal is None:
            print(line, file=otherwise)
        else:
            terminal.write_line(line)


def findings_summary(findings: Sequence[Finding]) -> list[str]:
    """Return the lines that tell what is wrong with the plan."""
    lines: list[str] = []
    for finding in findings:
        lines += [*str(finding).splitlines(), ""]
    return lines


def loops(config: pytest.Config, settings: Settings, plan: Plan) -> list[str]:
    """Return the lines that tell the loops of `plan`: the ladder, a few of them, or none."""
    if not settings.ladder and config.option.verbose <= 0:
        return []
    from loopscope.report.ladder import ladder, summary

    return drawn(config, ladder(plan)) if settings.ladder else summary(ladder(plan))


def drawn(config: pytest.Config, ladder: Ladder) -> list[str]:
    """Return the lines of a ladder, drawn as the terminal can show them."""
    from loopscope.report.ladder_drawing import draw

    terminal, file = config.get_terminal_writer(), _compat.terminal_file(config)
    # What is not a terminal, the log of a CI run for one, has no width.
    width = terminal.fullwidth if file.isatty() else None
    encoding = getattr(file, "encoding", None) or "utf-8"
    return draw(ladder, width=width, color=terminal.hasmarkup, encoding=encoding)
