"""The feed: a response that stays open while other requests come and go."""

import json

import httpx


async def test_a_follower_hears_of_new_notes(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/feed", params={"limit": 2}) as response:
        lines = response.aiter_lines()
        assert json.loads(await anext(lines)) == {"event": "open"}

        for title in ("first", "second"):
            await client.post("/notes", json={"notebook": "feed", "title": title})

        heard = [json.loads(line)["note"]["title"] async for line in lines]
    assert heard == ["first", "second"]


async def test_two_followers_hear_the_same(client: httpx.AsyncClient, notebook: str) -> None:
    async with (
        client.stream("GET", "/feed", params={"limit": 1}) as one,
        client.stream("GET", "/feed", params={"limit": 1}) as two,
    ):
        feeds = [one.aiter_lines(), two.aiter_lines()]
        for feed in feeds:
            assert json.loads(await anext(feed)) == {"event": "open"}

        written = await client.post("/notes", json={"notebook": "feed", "title": "for both"})

        for feed in feeds:
            assert [json.loads(line)["note"] async for line in feed] == [written.json()]
