"""LS31x: what was left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from loopscope.diagnose.catalog.finding import Finding

if TYPE_CHECKING:
    from loopscope.core.graph import Vertex
    from loopscope.core.origin import Origin


class _Words(NamedTuple):
    code: str
    name: str
    harm: str
    fix: str


_KINDS = {
    "task": _Words(
        "LS311",
        "a task",
        "it would go on in the tests that share the loop, and is lost when the loop closes;\n"
        "it has been cancelled",
        "await it, cancel it, or start it in a task group",
    ),
    "timer": _Words(
        "LS312",
        "a timer",
        "it would call back in one of the tests that share the loop; it has been cancelled",
        "cancel it before the end",
    ),
    "async generator": _Words(
        "LS313",
        "an async generator",
        "what stands behind its yield would run at an arbitrary moment; it has been closed",
        "iterate it to its end, or leave it by contextlib.aclosing",
    ),
    "transport": _Words(
        "LS314",
        "a transport",
        "its loop closes, and nobody closed it before; it has been aborted",
        "close the client or stream that it belongs to",
    ),
    "server": _Words(
        "LS314",
        "a server",
        "its loop closes, and nobody closed it before; it has been closed",
        "close it, or leave it by async with",
    ),
    "executor job": _Words(
        "LS315",
        "a thread of the executor",
        "the thread goes on: nobody can stop it from outside",
        "await what run_in_executor or to_thread returned",
    ),
    "child process": _Words(
        "LS316",
        "a child process",
        "it would outlive the run; it has been killed",
        "terminate it and await its end",
    ),
}


def left_behind(
    kind: str,
    what: str,
    owner: Vertex | None,
    made_at: Origin | None,
    *,
    kept_by: Vertex | None = None,
    error: BaseException | None = None,
    has_ended: bool = True,
    allowed_by: str | None = None,
) -> Finding:
    """LS311 to LS316: something goes on that `owner` started, and nobody has ended it.

    `kept_by` is the fixture that held it when its owner had come to an end, `error` what it raised
    when we ended it, and `allowed_by` the name by which it can be allowed.
    """
    words = _KINDS[kind]
    where = []
    if made_at is not None:
        where.append((made_at, kind, "started here"))
    if owner is not None:
        ended = "" if kept_by is not None else " and did not end it"
        where.append((owner.origin, owner.name, f"started it{ended}"))
    if kept_by is not None:
        where.append((kept_by.origin, kept_by.name, "kept it and did not end it"))
    harm = words.harm
    if not has_ended:
        harm += "\nand did not end: it is abandoned where it stands"
    if error is not None:
        harm += f"\nand raised {error!r}"
    fix = words.fix
    if allowed_by is not None:
        fix += f";\nor have it left alone: loopscope_leaks_allow = {allowed_by}"
    who = kept_by or owner
    title = f"{'somebody' if who is None else who.name} left {words.name} behind: {what}"
    return Finding(words.code, title, tuple(where), harm, fix, refuses=False)
