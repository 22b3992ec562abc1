"""The vocabularies in which suites declare scopes and backends.

A fifth one is one module more, and a line in `PEERS`.
"""

from loopscope.dialects import anyio, native, pytest_asyncio, pytest_trio
from loopscope.dialects.spelling import Spelling
from loopscope.dialects.vocabulary import Dialect

PEERS: tuple[type[Dialect], ...] = (
    pytest_trio.PytestTrio,
    anyio.Anyio,
    pytest_asyncio.PytestAsyncio,
)
"""The dialects of other plugins. Of two equal claims to a test the first one counts."""

OPENED_LOOPS = tuple(dialect.opened_loop for dialect in PEERS if dialect.opened_loop)
"""The names of fixtures whose results other plugins take for loops."""

NATIVE = native.Native

_ALL: tuple[type[Dialect], ...] = (NATIVE, *PEERS)
_SPELLINGS = {dialect.name: dialect.spelling for dialect in _ALL}


def spelling(vocabulary: str) -> Spelling:
    """Return the words of the dialect called `vocabulary`, as `Vertex.vocabulary` names it."""
    return _SPELLINGS[vocabulary]
