"""What is known of other libraries: which backend they run on.

Each row stands for what the library's own documentation says of itself, at the address that stands
with it. A library that is not in here is not counted.
"""

from __future__ import annotations

from typing import NamedTuple

ASYNCIO = "asyncio"
TRIO = "trio"
EITHER = "either"
"""Written for whatever runs it, asyncio or trio."""


class Library(NamedTuple):
    """A module, the backend that it runs on, and where its documentation says so."""

    module: str
    runs_on: str
    source: str


LIBRARIES = (
    Library("aio_pika", ASYNCIO, "https://docs.aio-pika.com/"),
    Library("aiofiles", ASYNCIO, "https://pypi.org/project/aiofiles/"),
    Library("aiohttp", ASYNCIO, "https://docs.aiohttp.org/"),
    Library("aiojobs", ASYNCIO, "https://aiojobs.readthedocs.io/"),
    Library("aiokafka", ASYNCIO, "https://aiokafka.readthedocs.io/"),
    Library("aiomysql", ASYNCIO, "https://aiomysql.readthedocs.io/"),
    Library("aiopg", ASYNCIO, "https://aiopg.readthedocs.io/"),
    Library("aiosqlite", ASYNCIO, "https://aiosqlite.omnilib.dev/"),
    Library("anyio", EITHER, "https://anyio.readthedocs.io/"),
    Library("async_lru", ASYNCIO, "https://pypi.org/project/async-lru/"),
    Library("async_timeout", ASYNCIO, "https://pypi.org/project/async-timeout/"),
    Library("asyncer", EITHER, "https://asyncer.tiangolo.com/"),
    Library("asyncpg", ASYNCIO, "https://magicstack.github.io/asyncpg/"),
    Library("grpc.aio", ASYNCIO, "https://grpc.github.io/grpc/python/grpc_asyncio.html"),
    Library("httpcore", EITHER, "https://www.encode.io/httpcore/async/"),
    Library("httpx", EITHER, "https://www.python-httpx.org/async/"),
    Library("hypercorn.trio", TRIO, "https://hypercorn.readthedocs.io/"),
    Library("janus", ASYNCIO, "https://pypi.org/project/janus/"),
    Library("motor.motor_asyncio", ASYNCIO, "https://motor.readthedocs.io/"),
    Library("playwright.async_api", ASYNCIO, "https://playwright.dev/python/docs/library"),
    Library("quart_trio", TRIO, "https://pypi.org/project/quart-trio/"),
    Library("redis.asyncio", ASYNCIO, "https://redis.readthedocs.io/"),
    Library("sniffio", EITHER, "https://sniffio.readthedocs.io/"),
    Library("sqlalchemy.ext.asyncio", ASYNCIO, "https://docs.sqlalchemy.org/"),
    Library("starlette", EITHER, "https://www.starlette.io/"),
    Library("fastapi", EITHER, "https://fastapi.tiangolo.com/async/"),
    Library("trio", TRIO, "https://trio.readthedocs.io/"),
    Library("trio_websocket", TRIO, "https://trio-websocket.readthedocs.io/"),
    Library("uvloop", ASYNCIO, "https://uvloop.readthedocs.io/"),
)

_RUNS_ON = {library.module: library.runs_on for library in LIBRARIES}

IN_ANYIO: dict[str, str | None] = {
    "Barrier": None,
    "BoundedSemaphore": "anyio.Semaphore",
    "Condition": "anyio.Condition",
    "Event": "anyio.Event",
    "Future": None,
    "LifoQueue": None,
    "Lock": "anyio.Lock",
    "PriorityQueue": None,
    "Queue": "anyio.create_memory_object_stream",
    "Semaphore": "anyio.Semaphore",
    "TaskGroup": "anyio.create_task_group",
    "all_tasks": "anyio.get_running_tasks",
    "as_completed": None,
    "create_subprocess_exec": "anyio.open_process",
    "create_subprocess_shell": "anyio.open_process",
    "create_task": "anyio.create_task_group",
    "current_task": "anyio.get_current_task",
    "ensure_future": "anyio.create_task_group",
    "gather": "anyio.create_task_group",
    "get_event_loop": None,
    "get_running_loop": None,
    "open_connection": "anyio.connect_tcp",
    "open_unix_connection": "anyio.connect_unix",
    "run_coroutine_threadsafe": "anyio.from_thread.run",
    "shield": "anyio.CancelScope",
    "sleep": "anyio.sleep",
    "start_server": "anyio.create_tcp_listener",
    "start_unix_server": "anyio.create_unix_listener",
    "timeout": "anyio.fail_after",
    "timeout_at": "anyio.fail_after",
    "to_thread": "anyio.to_thread.run_sync",
    "wait": "anyio.create_task_group",
    "wait_for": "anyio.fail_after",
    "wrap_future": None,
}
"""What of asyncio needs asyncio's loop to be running, and what anyio has in its place.

What makes a loop of its own (`run`, `Runner`, `new_event_loop`) is left out: it runs beside any
other. See https://docs.python.org/3/library/asyncio.html and
https://anyio.readthedocs.io/en/stable/api.html.
"""

HELD_OPEN = frozenset(
    {
        "anyio.CancelScope",
        "anyio.create_task_group",
        "anyio.fail_after",
        "anyio.move_on_after",
        "async_timeout.timeout",
        "asyncio.TaskGroup",
        "asyncio.timeout",
        "asyncio.timeout_at",
        "trio.CancelScope",
        "trio.fail_after",
        "trio.fail_at",
        "trio.move_on_after",
        "trio.move_on_at",
        "trio.open_nursery",
    }
)
"""What cancels the task that entered it, and so must be left in that task."""


def library_of(name: str) -> str | None:
    """Return the module in `LIBRARIES` that `name`, qualified, is or is in."""
    while name:
        if name in _RUNS_ON:
            return name
        name = name.rpartition(".")[0]
    return None


def runs_on(module: str) -> str:
    """Return what a module in `LIBRARIES` runs on."""
    return _RUNS_ON[module]
