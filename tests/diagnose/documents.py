"""Plans as the plugin writes them, of suites that are literals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.core.plain import as_plain
from loopscope.core.plan import plan
from loopscope.core.policy import Policy
from loopscope.diagnose.fixes import findings
from loopscope.diagnose.plan_file import AsyncTests, Document
from tests.core.literals import suite_of

if TYPE_CHECKING:
    from loopscope.core.graph import Vertex
    from loopscope.diagnose.catalog import Finding


def document(
    *vertices: Vertex, policy: Policy = Policy.PLANNED, more: tuple[Finding, ...] = ()
) -> Document:
    """Return the document of a suite of these vertices, with its findings and `more`."""
    planned = plan(suite_of(*vertices), policy)
    tests = [vertex for vertex in vertices if vertex.kind.value == "test"]
    counted: AsyncTests = {
        "vocabulary": "loopscope",
        "tests": sum(test.needs_loop for test in tests),
    }
    return Document(
        {
            "loopscope": "0.1.0",
            "pytest": "9.0.2",
            "python": "3.13.1",
            "plugins": [{"name": "pytest-asyncio", "version": "1.5.0"}],
        },
        "/suite",
        {"engine": "on", "mode": "auto", "loops": policy.value, "backends": ["asyncio"]},
        len(tests),
        (counted,),
        as_plain(planned),
        (*findings(planned), *more),
    )
