"""On our engine only: the loop of the session is planned, and need not be named."""

import pytest


@pytest.mark.asyncio
async def test_a_page_is_opened_with_nothing_declared(page):
    await page.goto("data:text/html,<title>hello</title>")
    assert await page.title() == "hello"
