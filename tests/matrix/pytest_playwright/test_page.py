"""Async tests with the fixtures of pytest-playwright: a browser for the session, a page a test."""

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = "data:text/html,<title>hello</title><button onclick='document.title=1'>press</button>"


async def test_a_page_is_opened(page):
    await page.goto(PAGE)
    assert await page.title() == "hello"


async def test_a_page_is_used(page):
    await page.goto(PAGE)
    await page.get_by_role("button").click()
    assert await page.title() == "1"
