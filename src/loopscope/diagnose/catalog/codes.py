"""The table of all codes: what each of them means, whoever it is told of."""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    """One kind of mistake, as `loopscope explain` and the documentation tell it."""

    code: str
    title: str
    meaning: str
    can_be_ignored: bool = True
    """Whether a test can run in spite of it, so that `loopscope_ignore` may name it."""


FAMILIES = {
    "LS1": "loop scopes",
    "LS2": "backends and owners",
    "LS3": "lifetimes and leaks",
    "LS4": "vocabulary",
    "LS5": "environment",
}
"""What the first digit of a code stands for."""

_TABLE = (
    Code(
        "LS101",
        "loop scope mismatch",
        "A test or fixture is declared onto one loop, and uses a fixture that is declared onto "
        "another. What a fixture makes belongs to the loop that it was made on: a future, a lock "
        "or a connection cannot be awaited anywhere else. Found in the plan, before the first "
        "test runs.",
    ),
    Code(
        "LS102",
        "a fixture outlives its loop",
        "A fixture is declared onto a loop of a narrower scope than its own. The loop would close "
        "while the fixture is still in use, and its teardown would have nothing to run on.",
        can_be_ignored=False,
    ),
    Code(
        "LS103",
        "asked for at run time, too late to share a loop",
        "A test asks by name, while it runs, for a fixture that has to share its loop. The loop of "
        "the test is open by then and cannot be moved. What a signature names is planned in time.",
        can_be_ignored=False,
    ),
    Code(
        "LS104",
        "used on another loop than it is bound to",
        "Something that is bound to one loop was awaited or called on another, and failed. Locks, "
        "queues and many clients bind themselves to the loop on which they are first used, so what "
        "a global, a cache or a synchronous fixture keeps works in the first test that uses it, "
        "and in no other. The note names who holds the object, as far as that could be found.",
    ),
    Code(
        "LS201",
        "backend mismatch",
        "A test or fixture runs on one backend, and uses a fixture that runs on another. Nothing "
        "that asyncio made can be awaited on trio, nor the other way round.",
        can_be_ignored=False,
    ),
    Code(
        "LS202",
        "an async fixture of a test case with a loop of its own",
        "An IsolatedAsyncioTestCase makes a loop for each of its methods. A fixture that applies "
        "to it runs on another one, so what the fixture makes cannot be awaited in the test. "
        "Its setup and teardown run all the same.",
    ),
    Code(
        "LS301",
        "a fixture crashed in the background",
        "A task in a task group, or a scope, that a fixture holds open across its yield ended with "
        "an error while a test ran. The test is cancelled and fails with that error.",
        can_be_ignored=False,
    ),
    Code(
        "LS302",
        "needs a fixture that has crashed",
        "A fixture crashed in the background of an earlier test and was torn down. It is not set "
        "up again within its scope, so whoever needs it fails at once instead of hanging.",
        can_be_ignored=False,
    ),
    Code(
        "LS303",
        "cancelled, and nobody raised an error",
        "The scope that a test runs in was cancelled from outside: by a scope that a fixture holds "
        "open across its yield, or by somebody who cancelled the task of the fixtures.",
        can_be_ignored=False,
    ),
    Code(
        "LS304",
        "a loop was not shut down in order",
        "Something kept a loop from being closed in order, such as somebody else who had closed it "
        "already. What was left on the loop is lost.",
    ),
    Code(
        "LS305",
        "a background task died, and nobody awaited it",
        "A task that a test or a fixture had started ended with an error, and nothing has asked "
        "for its outcome. asyncio would log that once the task is collected; the test that "
        "started it fails with the error.",
    ),
    Code(
        "LS306",
        "an error that only the loop was told of",
        "A callback, a protocol or a transport raised an error while a test ran. Nobody awaits "
        "such a thing, so the loop hands it to its exception handler; the test fails with it. A "
        "handler that the suite sets itself is called instead.",
    ),
    Code(
        "LS311",
        "a task was left running",
        "A task goes on after the test or fixture that started it has ended. It is cancelled, so "
        "that it cannot run in a later test, and told as `loopscope_leaks` says. What a wider "
        "fixture that is still alive holds on to is left to that fixture.",
    ),
    Code(
        "LS312",
        "a timer was left behind",
        "A callback is due after the end of the test or fixture that asked for it. It is "
        "cancelled.",
    ),
    Code(
        "LS313",
        "an async generator was left unfinished",
        "An async generator stands at a yield when its loop, its test or its fixture ends. It is "
        "closed.",
    ),
    Code(
        "LS314",
        "a transport or a server was left open",
        "A connection, a pipe or a server is open when its loop closes. A pool may lend it to "
        "others for as long as the loop lives, so it is told at the end of the loop and not of the "
        "test.",
    ),
    Code(
        "LS315",
        "a thread of the executor is still busy",
        "A function that was handed to an executor runs after the end of whoever handed it over. "
        "Nobody can stop a thread from outside.",
    ),
    Code(
        "LS316",
        "a child process was left running",
        "A child process runs after the end of the test or fixture that started it. It is killed.",
    ),
    Code(
        "LS321",
        "timed out",
        "A test, with its fixtures, took longer than its limit. Where it awaited it was cancelled, "
        "so that its own cleanup ran; the report has the tasks that it waited for.",
        can_be_ignored=False,
    ),
    Code(
        "LS322",
        "blocked the loop, and was interrupted",
        "A test that had timed out did not let the loop turn, so no cancellation could reach it. "
        "It was interrupted in the call that blocked.",
        can_be_ignored=False,
    ),
    Code(
        "LS323",
        "a call blocked the loop",
        "A call kept the loop from turning for longer than `loopscope_blocked` allows. Nothing "
        "else on the loop can run meanwhile, and no timeout can be kept.",
    ),
    Code(
        "LS324",
        "did not end when it was cancelled",
        "Code that had timed out caught the cancellation and went on, or waits for something that "
        "did. It was given up where it stands, and is never resumed.",
        can_be_ignored=False,
    ),
    Code(
        "LS331",
        "ended by SIGTERM",
        "The process was told to end while a test ran. The test is cancelled and all that is set "
        "up is torn down, as after a first Ctrl-C. A second SIGTERM has its default action.",
        can_be_ignored=False,
    ),
    Code(
        "LS332",
        "did not end when the run was interrupted",
        "After a Ctrl-C, what is left on a loop that closes has a moment to end: a job of the "
        "default executor, such as a call of `asyncio.to_thread`, or a task that is shielded. "
        "This did not, and nothing waits for it any more.",
        can_be_ignored=False,
    ),
    Code(
        "LS333",
        "threads outlived an interrupted run",
        "Python waits at its end for every thread that is no daemon. After a Ctrl-C it waits for a "
        "moment only, and then ends without those that are named.",
        can_be_ignored=False,
    ),
    Code(
        "LS334",
        "a teardown failed after the run had ended",
        "Something that is no ordinary error, such as SystemExit, came out of a teardown, and "
        "pytest drops what it had still to tear down at that place. It is torn down nevertheless, "
        "and this is what it raised.",
        can_be_ignored=False,
    ),
    Code(
        "LS401",
        "a declaration that cannot be understood",
        "A mark or a decorator has an argument that does not exist, or a value that is not valid.",
        can_be_ignored=False,
    ),
    Code(
        "LS402",
        "a test that yields",
        "An `async def` test contains a yield, which makes it an async generator: calling it runs "
        "nothing of its body, so it would pass without having been run.",
        can_be_ignored=False,
    ),
    Code(
        "LS403",
        "a fixture that does not yield exactly once",
        "What stands before the yield of a fixture is its setup, what stands after it its "
        "teardown. With no yield there is no value, with two there is no saying which is the end.",
        can_be_ignored=False,
    ),
    Code(
        "LS404",
        "an async fixture asked for while the loop runs",
        "`request.getfixturevalue` is a synchronous call: inside running async code it cannot wait "
        "for the loop, which is the one that runs the caller. `await loopscope.getfixture(name)` "
        "can.",
        can_be_ignored=False,
    ),
    Code(
        "LS405",
        "loopscope.run called while the loop runs",
        "`loopscope.run` is for synchronous code. Asynchronous code awaits the function instead.",
        can_be_ignored=False,
    ),
    Code(
        "LS406",
        "an async hook",
        "pytest calls its hooks as functions. What an `async def` one returns is a coroutine that "
        "nobody awaits, so that nothing of it runs.",
        can_be_ignored=False,
    ),
    Code(
        "LS407",
        "an async finalizer without a loop",
        "`request.addfinalizer` takes what has to be awaited wherever there is a loop that lives "
        "as long: that of the fixture, of a fixture it uses, or of the tests. A synchronous "
        "fixture may outlive them all.",
        can_be_ignored=False,
    ),
    Code(
        "LS408",
        "an async method of xunit that nobody awaits",
        "`async def setup_method` and its like are awaited by whoever owns the test. In strict "
        "mode a test without a mark has no owner.",
        can_be_ignored=False,
    ),
    Code(
        "LS409",
        "fresh fixtures for each example",
        "`fresh_fixtures=True` sets the function-scoped fixtures of a test by Hypothesis up again "
        "for each example: those that are asynchronous, and those that depend on them. Any other "
        "test runs once, with fixtures of its own.",
        can_be_ignored=False,
    ),
    Code(
        "LS410",
        "a coroutine given to loopscope.run",
        "`loopscope.run(function, *args)` calls an async function on the loop of the test, as "
        "`trio.run` and `anyio.run` do. A coroutine is what calling the function returns.",
        can_be_ignored=False,
    ),
    Code(
        "LS501",
        "a loop run inside a running loop",
        "Code that runs on a loop called `asyncio.run`, `loop.run_until_complete` or the like. "
        "Under a runner of one loop for each call that may have worked in a synchronous test; in "
        "an asynchronous one the coroutine is awaited.",
    ),
)

CODES = {row.code: row for row in _TABLE}
"""Every code there is, by its name and in its order."""
