"""Who is asking: the client's side of the notes service's one header."""

from contextvars import ContextVar

import httpx

current_user: ContextVar[str] = ContextVar("current_user", default="anonymous")
"""Whom the requests that leave from here are made for."""


async def sign(request: httpx.Request) -> None:
    """Name the current user in an outgoing request."""
    request.headers["x-user"] = current_user.get()
