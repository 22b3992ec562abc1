"""Scopes, and the places that loops and fixtures are anchored at."""

from __future__ import annotations

from itertools import pairwise

import pytest

from loopscope.core.scope import Anchor, Scope, common
from loopscope.errors import UnknownName
from tests.core.literals import (
    CLASS,
    FUNCTION,
    MODULE,
    OTHER_MODULE,
    PACKAGE,
    PLACES,
    SESSION,
    own_place,
)

WORDS = ("function", "class", "module", "package", "session")
INNER = Anchor(Scope.PACKAGE, "tests/inner", PACKAGE)


@pytest.mark.parametrize("word", WORDS)
def test_a_scope_is_parsed_from_the_word_that_it_is_spelled_with(word: str) -> None:
    assert Scope.parse(word).word == word


def test_a_wider_scope_compares_greater() -> None:
    assert all(narrow < wide for narrow, wide in pairwise(map(Scope.parse, WORDS)))


@pytest.mark.parametrize("word", ["Session", "SESSION", "", "test", " class", 3, None, ["class"]])
def test_any_other_word_is_refused_with_the_valid_ones(word: object) -> None:
    with pytest.raises(UnknownName) as caught:
        Scope.parse(word, "loop_scope")
    assert str(caught.value) == (
        f"{word!r} is not a valid loop_scope. Valid: function, class, module, package, session."
    )


def test_a_place_is_known_by_its_scope_and_node() -> None:
    assert Anchor(Scope.MODULE, "test_a.py", SESSION) == Anchor(Scope.MODULE, "test_a.py", PACKAGE)
    assert Anchor(Scope.MODULE, "tests") != Anchor(Scope.PACKAGE, "tests")
    assert len({Anchor(Scope.MODULE, "test_a.py"), Anchor(Scope.MODULE, "test_a.py", SESSION)}) == 1


def test_the_chain_goes_from_a_place_outwards() -> None:
    assert list(FUNCTION.chain()) == [FUNCTION, CLASS, MODULE, PACKAGE, SESSION]
    assert FUNCTION.outermost == SESSION


@pytest.mark.parametrize("inner", PLACES.values(), ids=str)
@pytest.mark.parametrize("outer", PLACES.values(), ids=str)
def test_a_place_encloses_itself_and_what_lies_within(outer: Anchor, inner: Anchor) -> None:
    assert outer.encloses(inner) == (outer.scope >= inner.scope)


def test_a_place_does_not_enclose_its_neighbour() -> None:
    assert not MODULE.encloses(OTHER_MODULE)
    assert not MODULE.encloses(own_place("test_b", OTHER_MODULE))


@pytest.mark.parametrize("scope", Scope, ids=lambda scope: scope.word)
def test_every_scope_has_its_place_around_a_test(scope: Scope) -> None:
    assert FUNCTION.at(scope) == PLACES[scope]


@pytest.mark.parametrize(
    ("place", "scope", "found"),
    [
        pytest.param(MODULE, Scope.FUNCTION, MODULE, id="narrower-than-itself"),
        pytest.param(Anchor(Scope.MODULE, "a", INNER), Scope.PACKAGE, INNER, id="inner-package"),
        pytest.param(Anchor(Scope.MODULE, "a", SESSION), Scope.PACKAGE, SESSION, id="no-package"),
        pytest.param(Anchor(Scope.MODULE, "orphan"), Scope.SESSION, Anchor(Scope.MODULE, "orphan"),
                     id="nothing-around"),
    ],
)  # fmt: skip
def test_the_place_at_a_scope_is_the_nearest_as_wide(
    place: Anchor, scope: Scope, found: Anchor
) -> None:
    assert place.at(scope) == found


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        pytest.param(MODULE, MODULE, MODULE, id="itself"),
        pytest.param(MODULE, FUNCTION, MODULE, id="one-within-the-other"),
        pytest.param(MODULE, OTHER_MODULE, PACKAGE, id="neighbours"),
        pytest.param(INNER, OTHER_MODULE, PACKAGE, id="at-different-depths"),
        pytest.param(CLASS, own_place("test_b"), MODULE, id="tests-of-one-module"),
    ],
)
def test_what_two_places_have_in_common_is_the_narrowest_around_both(
    first: Anchor, second: Anchor, found: Anchor
) -> None:
    assert common(first, second) == common(second, first) == found


def test_places_of_different_trees_have_the_outermost_of_the_first_in_common() -> None:
    assert common(MODULE, Anchor(Scope.MODULE, "orphan")) == SESSION


@pytest.mark.parametrize(
    ("place", "text"), [(SESSION, "session"), (MODULE, "module tests/test_a.py")], ids=str
)
def test_a_place_is_told_by_scope_and_node(place: Anchor, text: str) -> None:
    assert str(place) == text
