"""What is told of one mistake, and how it is laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from loopscope.core.origin import Origin
    from loopscope.core.plan import Loop

Where: TypeAlias = "tuple[tuple[Origin, str, str], ...]"
"""Places in the source, each with a name for what is there, and what there is to say of it."""


class Finding(NamedTuple):
    """A mistake, ready to be shown: its code, one line that says what, and the lines below."""

    code: str
    title: str
    where: Where = ()
    why: str = ""
    fix: str = ""
    concerns: str | None = None
    """The id of the vertex that it is about."""
    refuses: bool = True
    """Whether what it concerns must not be run: its own plugin would not run it either."""

    def __str__(self) -> str:
        places = [str(origin) for origin, _, _ in self.where]
        names = [name for _, name, _ in self.where]
        lines = [f"{self.code} {self.title}"]
        for place, (_, name, text) in zip(places, self.where, strict=True):
            row = f"{place:<{max(map(len, places))}}  {name:<{max(map(len, names))}}  {text}"
            lines.append(f"  {row.rstrip()}")
        for label, text in (("why", self.why), ("fix", self.fix)):
            if text:
                first, *rest = text.splitlines()
                lines.append(f"  {label}   {first}")
                lines.extend(f"        {line}" for line in rest)
        return "\n".join(lines)


def place_of(loop: Loop) -> str:
    """Name a loop as a reader would: "the session loop", "the loop of module tests/test_a.py"."""
    anchor = loop.anchor
    if not anchor.node:
        return f"the {anchor.scope.word} loop"
    if anchor.scope.word == "function":
        return "a loop of its own"
    return f"the loop of {anchor}"
