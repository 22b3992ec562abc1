"""A suite that is being migrated: its files, its settings, and what the plan says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from loopscope.core.graph import Kind
from loopscope.core.scope import Scope
from loopscope.errors import UnknownName
from loopscope.migrate.draft import Draft
from loopscope.migrate.source import Unreadable, parse
from loopscope.migrate.wanted import Definition, definitions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from loopscope.core.plan import Plan
    from loopscope.migrate.edits import Note
    from loopscope.migrate.settings import Settings
    from loopscope.migrate.source import Function
    from loopscope.migrate.wanted import Place
    from loopscope.migrate.words import Words

VOCABULARY = re.compile(rb"asyncio|anyio|trio|event_loop|loopscope")
"""What a file has in it, if anything of it can be meant."""


@dataclass(frozen=True)
class Migration:
    """What comes of it: texts before (None of a new file) and after, by path, and notes.

    `unreadable` are files that could not be understood, and were left as they are, with the reason.
    """

    changes: Mapping[str, tuple[bytes | None, bytes]]
    notes: Sequence[Note]
    unreadable: Mapping[str, str]


@dataclass
class Work:
    """A suite on the way from one vocabulary to another.

    `files` has the bytes of every file, and what is planned in it, by a path that is relative to
    the root directory. `is_whole` says whether that is all of the suite, so that a setting may be
    changed for it.
    """

    plan: Plan
    old: Words
    new: Words
    files: Mapping[str, bytes]
    settings_path: str | None
    settings: Settings | None
    is_whole: bool
    drafts: dict[str, Draft] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.definitions: dict[Place, Definition] = definitions(self.plan, self.old.name)
        self._awake: set[Function] = set()

    def read(self, tell: Callable[[str], object]) -> None:
        """Parse the files in which anything can be meant."""
        planned = {path for path, _ in self.definitions}
        for path, data in self.files.items():
            if path in planned or VOCABULARY.search(data):
                tell(path)
                try:
                    self.drafts[path] = Draft(parse(path, data))
                except Unreadable as exc:
                    self.unreadable[path] = str(exc)

    def found(self, draft: Draft, kind: Kind) -> Iterator[tuple[Function, Definition]]:
        """Yield the asynchronous tests, or fixtures, that the plan has in one file."""
        for function in draft.source.functions:
            definition = self.definitions.get((draft.source.path, function.line))
            if definition is not None and definition.kind is kind and definition.is_async:
                yield function, definition

    def only_async_tests(self, draft: Draft) -> bool:
        """Say whether every test in a file is an asynchronous one that the plan has."""
        known = {function for function, _ in self.found(draft, Kind.TEST)}
        return all(one in known for one in draft.source.functions if one.is_test)

    def wake(self, draft: Draft, function: Function) -> None:
        """Take a function for asynchronous that was synchronous, and ran on `event_loop`."""
        place = draft.source.path, function.line
        if place in self.definitions:
            self.definitions[place] = replace(self.definitions[place], is_async=True)
        else:
            kind = Kind.FIXTURE if function.fixture is not None else Kind.TEST
            self.take(draft, function, kind, self._loop_around(draft.source.path), "asyncio")
        self._awake.add(function)

    def take(self, draft: Draft, function: Function, kind: Kind, loop: Scope, backend: str) -> None:
        """Take what is not in the plan for a definition of the old vocabulary."""
        place = draft.source.path, function.line
        self.definitions[place] = Definition(
            kind,
            function.name,
            place,
            Scope.FUNCTION,
            loop,
            declared=None,
            default=None,
            is_async=True,
            for_sync=False,
            backends=frozenset({backend}),
        )

    def must_mark(self, function: Function) -> bool:
        """Say whether a test needs a mark in the new vocabulary that it did not need before."""
        return not self.is_auto and (self.old is not self.new or function in self._awake)

    def _loop_around(self, path: str) -> Scope:
        """Return the scope of the `event_loop` that the functions in a file could ask for."""
        loops = {
            vertex.origin.path: vertex.anchor.scope
            for vertex in self.plan.suite.vertices.values()
            if vertex.name == "event_loop"
        }
        if path in loops:
            return loops[path]
        for folder in PurePosixPath(path).parents:
            if (folder / "conftest.py").as_posix() in loops:
                return loops[(folder / "conftest.py").as_posix()]
        return Scope.FUNCTION

    def shared_draft(self) -> Draft:
        """Return the file that all planned definitions can see fixtures of: one conftest.py.

        If all are in one module, that is it.
        """
        path = _conftest_of([path for path, _ in self.definitions if path in self.files])
        if path not in self.drafts:
            text = self.files.get(path, b"")
            self.drafts[path] = Draft(parse(path, text))
        return self.drafts[path]

    @property
    def is_auto(self) -> bool:
        """Whether a mode claims every asynchronous test, and can go on doing so by the settings."""
        if self.settings is None or self.old.mode is None or not self.is_whole:
            return False
        option, value = self.old.mode
        return self.settings.get(option) == value or self._has_flag(option, value)

    def _has_flag(self, option: str, value: str) -> bool:
        words = "" if self.settings is None else self.settings.get("addopts") or ""
        return f"--{option.replace('_', '-')} {value}" in " ".join(words.replace("=", " ").split())

    def change_mode(self) -> None:
        """Have the new vocabulary claim what the old one did by its mode, and drop its options."""
        if self.settings is None or self.old.mode is None or not self.is_whole:
            return
        option, value = self.old.mode
        flag = f"--{option.replace('_', '-')}"
        by_flag, by_option = self._has_flag(option, value), self.settings.get(option) == value
        if self.new.mode is not None:
            new_flag = f"--{self.new.mode[0].replace('_', '-')}"
            self.settings.replace("addopts", flag, new_flag)
            if by_option:
                self.settings.put(*self.new.mode)
        elif by_flag:
            for equals in "= ":
                self.settings.replace("addopts", f"{flag}{equals}{value}", "")
        defaults = (self.old.test_default, self.old.fixture_default)
        for name in (option, *defaults, *self.old.other_options):
            if name is not None:
                self.settings.drop(name)

    def defaults(self) -> tuple[Scope, Scope | None]:
        """Return the loop scopes that tests and fixtures have in the new vocabulary by default."""
        if self.old is self.new:
            for definition in self.definitions.values():
                if definition.kind is Kind.TEST and definition.default is not None:
                    return definition.default, self._setting(self.new.fixture_default)
        test = self._setting(self.new.test_default)
        return test or Scope.FUNCTION, self._setting(self.new.fixture_default)

    def _setting(self, name: str | None) -> Scope | None:
        word = None if self.settings is None or name is None else self.settings.get(name)
        try:
            return Scope.parse(word)
        except UnknownName:
            return None

    def finished(self) -> Migration:
        """Return what came of it."""
        changes: dict[str, tuple[bytes | None, bytes]] = {}
        notes = [*self.notes]
        for path, draft in self.drafts.items():
            notes += draft.notes
            try:
                text = draft.finished()
            except SyntaxError as exc:
                self.unreadable[path] = f"it could not be edited ({exc})"
                continue
            if text != draft.source.text:
                changes[path] = self.files.get(path), draft.source.encoded(text)
        if self.settings is not None and self.settings_path is not None:
            after = self.settings.written()
            if after != self.settings.original:
                changes[self.settings_path] = self.settings.original.encode(), after.encode()
        return Migration(dict(sorted(changes.items())), sorted(set(notes)), self.unreadable)


def _conftest_of(paths: list[str]) -> str:
    """Return the conftest.py, or the one file, that all of `paths` can see."""
    if len(set(paths)) == 1 and PurePosixPath(paths[0]).name != "conftest.py":
        return paths[0]
    parents = [PurePosixPath(path).parent for path in paths]
    common = parents[0]
    while not all(one.is_relative_to(common) for one in parents):
        common = common.parent
    return (common / "conftest.py").as_posix()
