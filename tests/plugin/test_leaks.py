"""What a test or a fixture leaves behind is ended, and told by policy; what others keep is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plugin.conftest import rerun

if TYPE_CHECKING:
    from tests.plugin.conftest import RunSuite

HERE = """
import asyncio, pytest, time

TICKS = []

async def tick():
    while True:
        await asyncio.sleep(0)
        TICKS.append("tick")

def start(coroutine=None, name="the ticker"):
    task = asyncio.ensure_future(coroutine or tick())
    task.set_name(name)
    return task

async def nothing_ticks():
    TICKS.clear()
    await asyncio.sleep(0.01)
    assert TICKS == []

@pytest.fixture(scope="module")
async def shared():
    yield []
"""

SCOPES = ("function", "class", "module", "package", "session")


@pytest.fixture(params=["asyncio", "uvloop"])
def backend(request: pytest.FixtureRequest) -> str:
    """Each of asyncio's loops."""
    name: str = request.param
    pytest.importorskip(name)
    return name


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("who", ["test", "fixture"])
def test_a_task_that_is_left_is_told_with_its_line_and_does_not_tick_on(
    run: RunSuite, backend: str, scope: str, who: str
) -> None:
    source = f"""{HERE}
@pytest.fixture(scope="{scope}")
async def loop():
    yield

@pytest.fixture
async def leaving(loop):
    if {who == "fixture"}:
        start()
    yield

class Test:
    async def test_leaves(self, leaving):
        if {who == "test"}:
            start()
        await asyncio.sleep(0)

    async def test_after(self, loop):
        await nothing_ticks()
"""
    result = run(source, "--loopscope-leaks=error", backend=backend)
    result.assert_outcomes(passed=2, errors=1)
    owner = "test_leaves" if who == "test" else "leaving"
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of Test.test_leaves*",
            f"LS311 {owner} left a task behind: the ticker, running tick()",
            "  test_it.py:11  task * started here",
            f"  test_it.py:*  {owner} * started it and did not end it",
            "  why   *",
            "        it has been cancelled",
            "  fix   await it, cancel it, or start it in a task group;",
            "        or have it left alone: loopscope_leaks_allow = tick",
        ]
    )


POLICIES = {
    "ignore": {"passed": 2},
    "warn": {"passed": 2, "warnings": 1},
    "error": {"passed": 2, "errors": 1},
}
LEAVING = f"""{HERE}
async def test_leaves(shared):
    start()

async def test_after(shared):
    await nothing_ticks()
"""


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("by", ["ini", "command-line", "mark", "module"])
def test_the_policy_says_how_a_leak_is_told(
    run: RunSuite, pytester: pytest.Pytester, policy: str, by: str
) -> None:
    source = LEAVING
    mark = f'pytest.mark.loopscope(leaks="{policy}")'
    options = ["-Wdefault"]
    if by == "ini":
        pytester.makeini(f"[pytest]\nloopscope_leaks = {policy}\n")
    elif by == "command-line":
        pytester.makeini("[pytest]\nloopscope_leaks = nonsense\n")
        options.append(f"--loopscope-leaks={policy}")
    elif by == "mark":
        source = source.replace("async def test_leaves", f"@{mark}\nasync def test_leaves")
    else:
        source += f"\npytestmark = {mark}\n"
    result = run(source, *options)
    result.assert_outcomes(**POLICIES[policy])
    told = "LS311 test_leaves left a task behind" in result.stdout.str()
    assert told == (policy != "ignore")


def test_a_warning_points_at_the_line_that_started_it(run: RunSuite) -> None:
    result = run(LEAVING, "-Wdefault")
    result.stdout.fnmatch_lines(
        [
            "test_it.py::test_leaves",
            "  */test_it.py:11: LeakWarning: LS311 test_leaves left a task behind: *",
        ]
    )


@pytest.mark.parametrize(
    ("filters", "outcome"),
    [
        ("error", "error"),
        ("error::loopscope.errors.LeakWarning", "error"),
        ("error::loopscope.errors.LoopscopeWarning", "error"),
        ("ignore::loopscope.errors.LeakWarning", "ignore"),
        ("ignore:LS311", "ignore"),
    ],
)
def test_a_filter_of_warnings_has_its_say(
    run: RunSuite, pytester: pytest.Pytester, filters: str, outcome: str
) -> None:
    pytester.makeini(f"[pytest]\nfilterwarnings =\n    default\n    {filters}\n")
    result = run(LEAVING, "-Wdefault", f"-W{filters}")
    result.assert_outcomes(**POLICIES[outcome])
    if outcome == "error":
        assert "Traceback" not in result.stdout.str()
        assert "hidden" not in result.stdout.str()


def test_a_value_that_is_not_valid_is_a_usage_error(run: RunSuite) -> None:
    result = run(LEAVING, "--loopscope-leaks=tell")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*'tell' is not a valid loopscope_leaks. Valid: ignore, warn, *"])


@pytest.mark.parametrize("pattern", ["tick", "the ticker", "the *", "t?ck", "*"])
def test_what_is_allowed_is_neither_told_nor_ended_before_its_loop(
    run: RunSuite, pytester: pytest.Pytester, backend: str, pattern: str
) -> None:
    pytester.makeini(f"[pytest]\nloopscope_leaks_allow =\n    nobody\n    {pattern}\n")
    source = f"""{HERE}
async def later():
    while True:
        await asyncio.sleep(0.001)
        TICKS.append("tick")

async def test_leaves(shared):
    start()

async def test_after(shared):
    TICKS.clear()
    while len(TICKS) < 3:
        await asyncio.sleep(0)
"""
    run(source, "--loopscope-leaks=error", backend=backend).assert_outcomes(passed=2)


def test_what_is_allowed_keeps_its_timers(
    run: RunSuite, pytester: pytest.Pytester, backend: str
) -> None:
    pytester.makeini("[pytest]\nloopscope_leaks_allow = poll\n")
    source = f"""{HERE}
async def poll():
    while True:
        await asyncio.sleep(0.001)
        TICKS.append("poll")

async def test_leaves(shared):
    start(poll())
    await asyncio.sleep(0)

async def test_after(shared):
    TICKS.clear()
    while len(TICKS) < 3:
        await asyncio.sleep(0.001)
"""
    run(source, "--loopscope-leaks=error", backend=backend).assert_outcomes(passed=2)


def test_a_pattern_that_fits_nothing_allows_nothing(
    run: RunSuite, pytester: pytest.Pytester
) -> None:
    pytester.makeini("[pytest]\nloopscope_leaks_allow =\n    tic\n    Tick\n    ticker\n")
    run(LEAVING, "--loopscope-leaks=error").assert_outcomes(passed=2, errors=1)


CLIENTS = {
    "task": ("start(self.read(), 'the reader')", "self.one.done()"),
    "timer": ("asyncio.get_running_loop().call_later(60, print)", "self.one.cancelled()"),
    "async-generator": ("await self.begin()", "self.one.ag_frame is None"),
    "child-process": (
        "await asyncio.create_subprocess_exec('sleep', '60')",
        "self.one.returncode is not None",
    ),
    "executor-job": ("self.work()", "self.released.is_set()"),
}
ENDS = {
    "task": "self.one.cancel()",
    "timer": "self.one.cancel()",
    "async-generator": "await self.one.aclose()",
    "child-process": "self.one.kill(); await self.one.wait()",
    "executor-job": "self.released.set(); await self.one",
}
CLIENT = """
import threading

class Client:
    one = None
    released = threading.Event()

    async def use(self):
        if self.one is None:
            self.one = START
        assert not (HAS_ENDED)

    async def read(self):
        while True:
            await asyncio.sleep(0)

    async def begin(self):
        async def numbers():
            yield 1
            yield 2
        generator = numbers()
        await anext(generator)
        return generator

    def work(self):
        return asyncio.get_running_loop().run_in_executor(None, self.released.wait)

    async def close(self):
        END
"""


def client(kind: str) -> str:
    """Return a client that starts something of a kind when it is first used."""
    start, has_ended = CLIENTS[kind]
    source = CLIENT.replace("START", start).replace("HAS_ENDED", has_ended)
    return source.replace("END", ENDS[kind])


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("value", ["client", "client.use"], ids=["client", "bound-method"])
@pytest.mark.parametrize("is_async", ["async ", ""], ids=["async", "sync"])
def test_what_a_wider_fixture_holds_goes_on_for_the_tests_to_come(
    run: RunSuite, backend: str, kind: str, value: str, is_async: str
) -> None:
    if value != "client" and kind == "executor-job":
        pytest.skip("is as good as another")
    source = f"""{HERE}{client(kind)}
@pytest.fixture(scope="module")
async def clients():
    clients = []
    yield clients.append
    for client in clients:
        await client.close()

@pytest.fixture(scope="module")
{is_async}def use(clients):
    client = Client()
    clients(client)
    yield {value}

@pytest.mark.parametrize("number", range(3))
async def test_it(use, number):
    await getattr(use, "use", use)()
"""
    run(source, "--loopscope-leaks=error", backend=backend).assert_outcomes(passed=3)


@pytest.mark.parametrize("is_async", ["async ", ""], ids=["async", "sync"])
def test_what_a_fixture_has_kept_and_not_ended_is_told_with_both_names(
    run: RunSuite, is_async: str
) -> None:
    source = f"""{HERE}{client("task")}
@pytest.fixture(scope="module")
{is_async}def client(shared):
    yield Client()

@pytest.mark.parametrize("number", range(3))
async def test_it(client, number):
    await client.use()

async def test_after(shared):
    pass
"""
    result = run(source, "--loopscope-leaks=error")
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_after*",
            "LS311 client left a task behind: the reader, running Client.read()",
            "  test_it.py:11  task        started here",
            "  test_it.py:*  test_it[[]0]  started it",
            "  test_it.py:*  client      kept it and did not end it",
        ]
    )


LIBRARY = """
import asyncio

class Client:
    task = None

    async def use(self):
        if self.task is None:
            self.task = asyncio.ensure_future(self.read())
        assert not self.task.done()

    async def read(self):
        await asyncio.Event().wait()

    async def close(self):
        self.task.cancel()
"""


@pytest.mark.parametrize("where", ["global", "class-attribute"])
def test_a_client_of_a_library_may_be_a_global_of_the_suite(
    run: RunSuite, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    library = pytester.mkdir("site-packages")
    (library / "some_library.py").write_text(LIBRARY)
    monkeypatch.syspath_prepend(library)
    held = "CLIENT" if where == "global" else "Holder.client"
    source = f"""{HERE}
import some_library

class Holder:
    client = None

CLIENT = None
{held} = some_library.Client()

async def test_uses(shared):
    await {held}.use()

async def test_uses_again(shared):
    await {held}.use()
    await {held}.close()

async def test_leaves(shared):
    await some_library.Client().use()
"""
    result = run(source, "--loopscope-leaks=error")
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["LS311 test_leaves left a task behind: *Client.read()"])


def test_a_global_that_holds_what_the_suite_itself_has_started_keeps_nothing(
    run: RunSuite,
) -> None:
    source = f"""{HERE}
BACKGROUND = set()

async def test_leaves(shared):
    BACKGROUND.add(start())

async def test_after(shared):
    await nothing_ticks()
"""
    run(source, "--loopscope-leaks=error").assert_outcomes(passed=2, errors=1)


def test_what_a_worker_of_a_fixture_awaits_is_kept(run: RunSuite, backend: str) -> None:
    source = f"""{HERE}
@pytest.fixture(scope="module")
async def jobs(shared):
    queue = asyncio.Queue()
    async def work():
        while True:
            await (await queue.get())
            queue.task_done()
    worker = asyncio.ensure_future(work())
    yield queue.put
    await queue.join()
    worker.cancel()

async def test_hands_over(jobs):
    async def job():
        await asyncio.sleep(0.01)
        TICKS.append("done")
    await jobs(asyncio.ensure_future(job()))

async def test_after(jobs):
    while TICKS != ["done"]:
        await asyncio.sleep(0.001)
"""
    run(source, "--loopscope-leaks=error", backend=backend).assert_outcomes(passed=2)


def test_a_timer_that_a_library_sets_to_tidy_up_is_not_left(
    run: RunSuite, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    library = pytester.mkdir("site-packages")
    (library / "some_library.py").write_text(
        "def tidy(loop):\n    return loop.call_later(600, print)\n"
    )
    monkeypatch.syspath_prepend(library)
    source = f"""{HERE}
import some_library

async def test_sets(shared):
    shared.append(some_library.tidy(asyncio.get_running_loop()))

async def test_after(shared):
    assert not shared[0].cancelled()
"""
    run(source, "--loopscope-leaks=error", backend=backend).assert_outcomes(passed=2)


def test_a_connection_is_told_when_its_loop_closes_to_the_test_that_made_it(
    run: RunSuite, backend: str
) -> None:
    source = f"""{HERE}
import socket

@pytest.fixture(scope="module")
def address():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()

async def test_connects(address, shared):
    shared.append(await asyncio.open_connection(*address))

async def test_after(shared):
    assert not shared[0][1].transport.is_closing()
"""
    result = run(source, "--loopscope-leaks=error", backend=backend)
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_after*",
            "LS314 test_connects left a transport behind: *Transport to 127.0.0.1:*",
        ]
    )


@pytest.mark.parametrize(
    ("own", "last", "outcome"),
    [("ignore", "error", {"passed": 2}), ("error", "ignore", {"passed": 2, "errors": 1})],
)
def test_a_leak_that_is_told_late_is_told_by_the_policy_of_its_test(
    run: RunSuite, own: str, last: str, outcome: dict[str, int]
) -> None:
    source = f"""{HERE}
@pytest.mark.loopscope(leaks="{own}")
async def test_listens(shared):
    shared.append(await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0))

@pytest.mark.loopscope(leaks="{last}")
async def test_last(shared):
    pass
"""
    run(source).assert_outcomes(**outcome)


def test_the_mark_of_a_test_holds_for_its_own_fixtures_and_for_no_wider_one(
    run: RunSuite,
) -> None:
    source = f"""{HERE}
@pytest.fixture(scope="SCOPE")
async def leaving(shared):
    start()
    yield

@pytest.mark.loopscope(leaks="error")
async def test_it(leaving):
    pass
"""
    options = "--loopscope-leaks=ignore"
    run(source.replace("SCOPE", "function"), options).assert_outcomes(passed=1, errors=1)
    run(source.replace("SCOPE", "module"), options).assert_outcomes(passed=1)


def test_several_leaks_of_a_test_are_one_failure(run: RunSuite) -> None:
    source = f"""{HERE}
async def test_leaves(shared):
    start()
    asyncio.get_running_loop().call_later(60, print)
"""
    result = run(source, "--loopscope-leaks=error")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["LS311 test_leaves *", "LS312 test_leaves left a timer *"])


def test_a_test_that_fails_is_told_of_its_leaks_too(run: RunSuite) -> None:
    source = f"""{HERE}
async def test_leaves(shared):
    start()
    raise ValueError("own")

async def test_after(shared):
    await nothing_ticks()
"""
    run(source, "--loopscope-leaks=error").assert_outcomes(passed=1, failed=1, errors=1)


def test_what_a_test_has_left_is_ended_before_the_wider_fixtures_are_torn_down(
    run: RunSuite,
) -> None:
    source = f"""{HERE}
@pytest.fixture(scope="module")
async def database():
    yield
    await nothing_ticks()

async def test_last(database):
    start()
"""
    run(source, "--loopscope-leaks=ignore").assert_outcomes(passed=1)


def test_a_fixture_of_the_test_may_end_what_the_test_has_started(run: RunSuite) -> None:
    source = f"""{HERE}
@pytest.fixture
async def tasks(shared):
    started = []
    yield started
    for task in started:
        task.cancel()
    await asyncio.gather(*started, return_exceptions=True)

@pytest.fixture
def synchronous(loopscope):
    started = []
    yield started
    for task in started:
        task.cancel()

async def test_async(tasks):
    tasks.append(start())

async def test_sync(synchronous, shared):
    synchronous.append(start())
"""
    run(source, "--loopscope-leaks=error").assert_outcomes(passed=2)


def test_leaks_are_told_in_the_workers_of_xdist(run: RunSuite, pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    pytester.makepyfile(test_it=LEAVING)
    result = pytester.runpytest_subprocess(
        "-n1", "-pno:randomly", "-pno:cacheprovider", "--loopscope-leaks=error", timeout=60
    )
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["LS311 test_leaves left a task behind: *"])


def test_a_leak_that_is_an_error_is_run_again_as_any_other(
    run: RunSuite, pytester: pytest.Pytester
) -> None:
    pytest.importorskip("pytest_rerunfailures")
    source = f"""{HERE}
RUNS = []

async def test_leaves_once(shared):
    RUNS.append(1)
    if len(RUNS) == 1:
        start()
    else:
        await nothing_ticks()
"""
    pytester.makepyfile(test_it=source)
    result = rerun(pytester, "--loopscope-leaks=error", "--reruns=1")
    assert "1 rerun" in result.stdout.str() or "1 error" in result.stdout.str()


def test_examples_of_hypothesis_leave_one_by_one(run: RunSuite) -> None:
    pytest.importorskip("hypothesis")
    source = f"""{HERE}
from hypothesis import given, settings, strategies as st

@settings(max_examples=5, deadline=None, database=None)
@given(number=st.integers())
async def test_tidy(number):
    await asyncio.gather(asyncio.sleep(0), asyncio.sleep(0))

@settings(max_examples=1, deadline=None, database=None)
@given(number=st.just(1))
async def test_leaves(number):
    start()
"""
    result = run(source, "--loopscope-leaks=error")
    result.assert_outcomes(passed=2, errors=1)
