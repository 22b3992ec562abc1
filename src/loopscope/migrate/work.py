"""A suite that is being migrated: its files, its settings, and what the plan says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loopscope.core.graph import Kind
from loopscope.core.scope import Scope
from loopscope.errors import UnknownName
from loopscope.migrate.draft import Draft
from loopscope.migrate.source import Unreadable, parse
from loopscope.migrate.wanted import definitions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from loopscope.core.plan import Plan
    from loopscope.migrate.edits import Note
    from loopscope.migrate.settings import Settings
    from loopscope.migrate.source import Function
    from loopscope.migrate.wanted import Definition, Place
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
    created: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.definitions: dict[Place, Definition] = definitions(self.plan, self.old.name)
        self._settings_before = None if self.settings is None else self.settings.written()

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

    @property
    def is_auto(self) -> bool:
        """Whether the old vocabulary claims every asynchronous test, by what the settings say."""
        if self.settings is None or self.old.mode is None:
            return False
        option, value = self.old.mode
        if self.settings.get(option) == value:
            return True
        flag = f"--{option.replace('_', '-')}"
        words = (self.settings.get("addopts") or "").replace("=", " ").split()
        return flag in words and words[words.index(flag) + 1 :][:1] == [value]

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
                changes[path] = self.files[path], draft.source.encoded(text)
        for path, text in self.created.items():
            changes[path] = None, text
        if self.settings is not None and self.settings_path is not None:
            after = self.settings.written()
            if after != self._settings_before:
                assert self._settings_before is not None
                changes[self.settings_path] = self._settings_before.encode(), after.encode()
        return Migration(dict(sorted(changes.items())), sorted(set(notes)), self.unreadable)
