"""What the terminal shows of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.core.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from loopscope.core.plan import Loop
    from loopscope.diagnose.catalog import Finding
    from loopscope.plugin.options import Settings


def header(settings: Settings) -> str:
    """Return the line for pytest's header."""
    if settings.engine == "off":
        return "loopscope: engine=off"
    return (
        f"loopscope: mode={settings.mode}, loops={settings.policy.value}, "
        f"backends={','.join(settings.backends)}"
    )


def announce(config: pytest.Config, action: str, loop: Loop) -> None:
    """Write a line in the style of `--setup-show`: a loop is set up, or torn down."""
    if not config.option.setupshow:
        return
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.suspend_global_capture()
    scope = loop.anchor.scope
    terminal = config.get_terminal_writer()
    terminal.line()
    terminal.write("  " * (Scope.SESSION - scope))
    terminal.write(f"{action:<8} {scope.word[0].upper()} loop[{loop.backend}]")
    terminal.flush()
    if capture is not None:
        capture.resume_global_capture()


def findings_summary(findings: Sequence[Finding]) -> list[str]:
    """Return the lines that tell what is wrong with the plan."""
    lines: list[str] = []
    for finding in findings:
        lines += [*str(finding).splitlines(), ""]
    return lines
