"""A vocabulary that nobody has heard of: one module, and everything else follows."""

from __future__ import annotations

import sys

import pytest

from loopscope import dialects
from loopscope.plugin import entry, takeover

MODULE = """
    import pytest

    from loopscope.core.declared import Declared
    from loopscope.core.scope import Scope
    from loopscope.dialects.spelling import Spelling
    from loopscope.dialects.vocabulary import SPOKEN, Choice, Dialect, Option


    class Words(Spelling):
        mark_name = "fifth"


    class Fifth(Dialect):
        name = "the fifth"
        spelling = Words()
        mark = "fifth"
        plugin = "fifth"
        options = (Option("fifth_backend", "what its tests run on", default="asyncio"),)
        takes_bare_fixtures_of_its_tests = True

        def declared_by(self, test):
            (mark,) = test.item.iter_markers("fifth")
            return Declared(Scope.parse(mark.kwargs["on"]) if "on" in mark.kwargs else None)

        def choice(self, test):
            return Choice.of(self.config.getini("fifth_backend"))


    def pytest_configure(config):
        config.addinivalue_line("markers", "fifth(on=None): a test of the fifth vocabulary")


    @pytest.fixture
    def fifth_word():
        return "five"
"""

SUITE = """
    import pytest
    import trio

    tokens = []

    @pytest.fixture
    async def token():
        return trio.lowlevel.current_trio_token()

    @pytest.mark.fifth(on="module")
    async def test_first(token, fifth_word):
        tokens.append(token)
        assert fifth_word == "five"

    @pytest.mark.fifth(on="module")
    async def test_on_the_same_loop(token):
        assert tokens == [token]

    @pytest.mark.fifth
    async def test_on_a_loop_of_its_own(token):
        assert tokens != [token]
"""


@pytest.fixture
def _fifth(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(fifth_dialect=MODULE)
    monkeypatch.syspath_prepend(pytester.path)
    import fifth_dialect  # type: ignore[import-not-found]

    monkeypatch.setitem(sys.modules, "fifth_dialect", fifth_dialect)
    peers = (*dialects.PEERS, fifth_dialect.Fifth)
    for module in dialects, entry, takeover:
        monkeypatch.setattr(module, "PEERS", peers)


@pytest.mark.usefixtures("_fifth")
def test_its_marks_options_and_fixtures_are_understood_and_its_owner_is_shown(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeini("[pytest]\nfifth_backend = trio\n")
    pytester.makepyfile(SUITE)
    result = pytester.runpytest_inprocess("-W", "error", "--strict-markers", "-p", "no:randomly")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["async tests: 3 the fifth"])
