"""What an author can declare about a test or a fixture, whatever the vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from loopscope.core.scope import Scope


class Declared(NamedTuple):
    """The loop scope and the backends that somebody asked for; None and () where nobody did.

    `default` is the loop scope that the suite asks for wherever nothing is declared.
    """

    loop_scope: Scope | None = None
    backends: tuple[str, ...] = ()
    default: Scope | None = None
