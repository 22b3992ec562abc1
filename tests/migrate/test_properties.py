"""Of any suite: a second run changes nothing, and what is not meant is not touched."""

from __future__ import annotations

import ast
import io
import tokenize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopscope.core.scope import Scope
from loopscope.migrate.source import Unreadable, parse
from tests.migrate.written import ASYNCIO, FROM_ANYIO, TO_ANYIO, migrated

examples = settings(max_examples=25)
scopes = st.sampled_from(Scope)

HEADS = {
    "pytest-asyncio": (
        "# head\nimport asyncio  # loop\n\nimport pytest\nimport pytest_asyncio as pa\n"
    ),
    "anyio": "# head\nimport anyio\nimport pytest  # all\n",
}
TESTS = {
    "pytest-asyncio": (
        "@pytest.mark.asyncio\n",
        "@pytest.mark.asyncio(scope='module')  # old\n",
        '@pytest.mark.asyncio(loop_scope="session")\n# between\n@pytest.mark.slow\n',
    ),
    "anyio": ("@pytest.mark.anyio\n", "@pytest.mark.slow  # slow\n@pytest.mark.anyio\n"),
}
FIXTURES = {
    "pytest-asyncio": (
        "@pa.fixture\n",
        '@pa.fixture(scope="module")  # wide\n',
        '@pa.fixture(\n    scope="session",  # widest\n    loop_scope="session",\n)\n',
    ),
    "anyio": ("@pytest.fixture\n", '@pytest.fixture(scope="module")  # wide\n'),
}
BODIES = ("    pass  # é\n", '    """Say."""\n\n    await other()\n', "    # nothing\n    ...\n")
SYNC = ("\n\ndef helper(a, /, b, *, c=1):  # help\n    return a\n", "\n\nX = [\n    1,\n]\n")


@st.composite
def files(draw: st.DrawFn, vocabulary: str) -> tuple[str, dict[str, Scope]]:
    """Draw a file of one vocabulary, and the loop of each test and fixture in it."""
    parts, loops = [HEADS[vocabulary]], {}
    for number in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(("test", "fixture", "sync")))
        if kind == "sync":
            parts.append(draw(st.sampled_from(SYNC)))
            continue
        heads = TESTS if kind == "test" else FIXTURES
        name = f"{'test' if kind == 'test' else 'make'}_{number}"
        event_loop = draw(st.sampled_from(("", "event_loop", "tmp_path, event_loop")))
        asked = event_loop if vocabulary == "pytest-asyncio" else ""
        head, body = draw(st.sampled_from(heads[vocabulary])), draw(st.sampled_from(BODIES))
        parts.append(f"\n\n# of {name}\n{head}async def {name}({asked}):\n{body}")
        loops[name] = draw(scopes)
    source = "".join(parts)
    if draw(st.booleans()):
        source = source.replace("    ", "\t")
    if draw(st.booleans()):
        source = source.replace("\n", "\r\n")
    return source, loops


def comments(source: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(source, newline="").readline)
    return [token.string.strip() for token in tokens if token.type == tokenize.COMMENT]


@examples
@given(files("pytest-asyncio"))
def test_a_second_run_changes_nothing(drawn: tuple[str, dict[str, Scope]]) -> None:
    source, loops = drawn
    first = migrated(ASYNCIO, source, loops)
    text = first.changes["test_a.py"][1].decode() if first.changes else source
    assert migrated(ASYNCIO, text, loops).changes == {}


@examples
@given(files("pytest-asyncio"), st.sampled_from([ASYNCIO, TO_ANYIO]))
def test_comments_and_ends_of_lines_stay(
    drawn: tuple[str, dict[str, Scope]], way: tuple[str, str]
) -> None:
    source, loops = drawn
    result = migrated(way, source, loops)
    if not result.changes:
        return
    text = result.changes["test_a.py"][1].decode()
    ast.parse(text)
    left = comments(text)
    assert [one for one in comments(source) if one != "# loop"] == [
        one for one in left if one != "# loop"
    ]
    assert ("\r\n" in source) == ("\r\n" in text)
    assert text.count("\n") == text.count("\r\n") or "\r\n" not in text
    kept = {line for line in source.splitlines() if line.startswith(("\t", "    ", "X", "def"))}
    assert kept <= {
        *text.splitlines(),
        '\tscope="session",  # widest',
        '    loop_scope="session",',
        '    scope="session",  # widest',
        '\tloop_scope="session",',
    }


@examples
@given(files("anyio"))
def test_from_anyio_and_back_every_test_has_its_mark(
    drawn: tuple[str, dict[str, Scope]],
) -> None:
    source, loops = drawn
    there = migrated(FROM_ANYIO, source, loops)
    text = there.changes["test_a.py"][1].decode() if there.changes else source
    back = migrated(TO_ANYIO, text, loops)
    again = back.changes["test_a.py"][1].decode() if back.changes else text
    assert again.count("pytest.mark.anyio") == source.count("pytest.mark.anyio")
    assert "asyncio" not in again.replace('return "asyncio"', "")


@examples
@given(st.lists(st.sampled_from((*SYNC, *BODIES[2:], "\n", "\f\n", "\t\n", "# trio\r\n"))))
def test_what_is_not_meant_is_the_same_to_the_byte(parts: list[str]) -> None:
    source = "if 1:\n    ...\n" + "".join(parts)
    for way in (ASYNCIO, TO_ANYIO, FROM_ANYIO):
        assert migrated(way, source, collects=False).changes == {}


@given(st.binary())
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    try:
        source = parse("a.py", data)
    except Unreadable:
        return
    assert source.encoded(source.text) == data


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xef\xbb\xbfimport asyncio\n", id="bom"),
        pytest.param(b"# -*- coding: latin-1 -*-\nx = '\xe9'  # asyncio\n", id="latin-1"),
        pytest.param(b"import asyncio\r\n\r\nx = 1\n", id="mixed"),
        pytest.param(b"import asyncio\nx = '\x0c'", id="no-end"),
    ],
)
@pytest.mark.parametrize(
    "added", [b"", b"\nimport pytest\n\n@pytest.mark.asyncio(scope='class')\n"]
)
def test_the_bytes_of_a_file_stay(data: bytes, added: bytes) -> None:
    source = data + added + (b"async def test_it(): ..." if added else b"")
    result = migrated(ASYNCIO, "", data=source)
    if added:
        (_, after) = result.changes["test_a.py"]
        assert after == source.replace(b"(scope=", b"(loop_scope=")
    else:
        assert result.changes == {}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"# asyncio\ndef f(:\n", "line 2: "),
        (b"# asyncio\nx = '\xff'\n", "encoding"),
        (b"# asyncio\n\x0cx = 1\n", "form feeds"),
        (b"# coding: nothing\nimport asyncio\n", "unknown encoding"),
    ],
)
def test_a_file_that_does_not_parse_is_named_with_the_reason(data: bytes, said: str) -> None:
    result = migrated(ASYNCIO, "", data=data)
    assert result.changes == {}
    assert said in result.unreadable["test_a.py"]
