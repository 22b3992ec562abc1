"""A page in text and in Markdown says the same, in the manner of each."""

from __future__ import annotations

import pytest

from loopscope.advise.blocks import Block, Code, Heading, Line, Table
from loopscope.advise.page import as_markdown, as_text

PAGE: list[Block] = [
    Heading("1. Backends"),
    Line("needed    asyncio", ("because of a_test",)),
    Table(("name", "where"), (("pool", "conftest.py:4"), ("a", "b"))),
    Code("conftest.py", "python", "import pytest\n\nx = 1\n"),
]


def test_text_is_in_columns() -> None:
    assert (
        as_text(PAGE)
        == """
1. Backends
  needed    asyncio
      because of a_test
  name  where
  pool  conftest.py:4
  a     b
  conftest.py
      import pytest

      x = 1
"""
    )


def test_markdown_has_its_own_means() -> None:
    assert (
        as_markdown(PAGE)
        == """# Async tests: advice

## 1. Backends

- needed asyncio
  - because of a\\_test

| name | where |
|---|---|
| pool | conftest.py:4 |
| a | b |

`conftest.py`:

```python
import pytest

x = 1
```
"""
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("test_a[x|y] * `z`", r"test\_a\[x\|y] \* \`z\`"),
        ("+ no mistake", r"\+ no mistake"),
        ("- a_b", r"\- a\_b"),
        ("@pytest.fixture on a_b", r"`@pytest.fixture` on a\_b"),
        (
            '@pytest.mark.asyncio(loop_scope="module")',
            '`@pytest.mark.asyncio(loop_scope="module")`',
        ),
    ],
)
def test_markdown_shows_a_line_as_it_is(text: str, shown: str) -> None:
    assert as_markdown([Line(text)]).splitlines()[-1] == f"- {shown}"
