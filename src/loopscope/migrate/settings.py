"""The settings of pytest in a file: options set and dropped, and all else as it was."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

import tomlkit
from tomlkit.exceptions import TOMLKitError

from loopscope.diagnose.settings_files import SETTINGS_FILES
from loopscope.migrate.source import Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECTIONS = {"setup.cfg": "tool:pytest"}
_TABLES = (("tool", "pytest", "ini_options"), ("tool", "pytest"))


class Settings(Protocol):
    """The settings of one file; `original` is its text before any edit."""

    original: str

    def get(self, name: str) -> str | None:
        """Return the value of an option."""

    def put(self, name: str, value: str) -> None:
        """Set an option."""

    def drop(self, name: str) -> None:
        """Drop an option, if it is set."""

    def replace(self, name: str, old: str, new: str) -> None:
        """Put other words in the value of an option."""

    def written(self) -> str:
        """Return the text of the file."""


def settings_of(files: Mapping[str, str]) -> tuple[str, Settings] | None:
    """Return the file that pytest takes its settings from, and these.

    `files` are the texts of those of `SETTINGS_FILES` that are in the root directory.

    Raises:
        Unreadable: the file cannot be understood.
    """
    for name in SETTINGS_FILES:
        text = files.get(name)
        if text is None:
            continue
        found = _settings(name, text)
        if found is not None:
            return name, found
    return None


def _settings(name: str, text: str) -> Settings | None:
    if name == "pyproject.toml":
        return Toml.of(text, *_TABLES)
    if name.endswith(".toml"):
        return Toml.of(text, ("pytest",))
    ini = Ini(text, _SECTIONS.get(name, "pytest"))
    return ini if ini.has_section or name.endswith("pytest.ini") else None


class Ini:
    """A file of sections, as configparser reads them, edited by its lines."""

    def __init__(self, text: str, section: str) -> None:
        self.original = text
        self._lines = text.splitlines(keepends=True)
        self._section = section
        self._newline = "\r\n" if "\r\n" in text else "\n"

    @property
    def has_section(self) -> bool:
        """Whether the file has the section of pytest's."""
        return self._span() is not None

    def get(self, name: str) -> str | None:
        """Return the value of an option."""
        found = self._option(name)
        if found is None:
            return None
        first, *rest = self._lines[found[0] : found[1]]
        value = re.split("[=:]", first, maxsplit=1)[1]
        return "\n".join(line.strip() for line in (value, *rest)).strip()

    def put(self, name: str, value: str) -> None:
        """Set an option."""
        found = self._option(name)
        if found is not None:
            head = re.match(r"[^=:]*[=:][ \t]*", self._lines[found[0]])
            assert head is not None
            self._lines[found[0] : found[1]] = [f"{head[0]}{value}{self._newline}"]
            return
        span = self._span()
        if span is None:
            self._lines.append(f"[{self._section}]{self._newline}")
            span = (len(self._lines), len(self._lines))
        start, end = span
        while end > start and not self._lines[end - 1].strip():
            end -= 1
        if end and not self._lines[end - 1].endswith("\n"):
            self._lines[end - 1] += self._newline
        self._lines.insert(end, f"{name} = {value}{self._newline}")

    def drop(self, name: str) -> None:
        """Drop an option, if it is set."""
        found = self._option(name)
        if found is not None:
            del self._lines[found[0] : found[1]]

    def replace(self, name: str, old: str, new: str) -> None:
        """Put other words in the value of an option."""
        for number in range(*(self._option(name) or (0, 0))):
            self._lines[number] = self._lines[number].replace(old, new)

    def written(self) -> str:
        """Return the text of the file."""
        return "".join(self._lines)

    def _span(self) -> tuple[int, int] | None:
        """Return which lines the section has, after its head."""
        start = None
        for number, line in enumerate(self._lines):
            head = re.match(r"\[([^\]]+)\]", line)
            if head and start is not None:
                return start, number
            if head and head[1] == self._section:
                start = number + 1
        return None if start is None else (start, len(self._lines))

    def _option(self, name: str) -> tuple[int, int] | None:
        start, end = self._span() or (0, 0)
        for number in range(start, end):
            if re.match(rf"{re.escape(name)}[ \t]*[=:]", self._lines[number]):
                last = number + 1
                while last < end and re.match(r"[ \t]+\S", self._lines[last]):
                    last += 1
                return number, last
        return None


class Toml:
    """A file in TOML, edited by tomlkit, which keeps what it does not edit."""

    def __init__(self, text: str, document: tomlkit.TOMLDocument, table: dict[str, Any]) -> None:
        self.original = text
        self._document = document
        self._table = table
        self._untouched = tomlkit.dumps(document)

    @classmethod
    def of(cls, text: str, *tables: tuple[str, ...]) -> Toml | None:
        """Read a file; None if it has none of `tables`, the first of which is edited.

        Raises:
            Unreadable: it is no TOML.
        """
        try:
            document = tomlkit.parse(text)
        except (TOMLKitError, ValueError) as exc:
            raise Unreadable(str(exc)) from None
        for path in tables:
            table: Any = document
            for key in path:
                table = table.get(key) if isinstance(table, dict) else None
            if isinstance(table, dict):
                return cls(text, document, table)
        return None

    def get(self, name: str) -> str | None:
        """Return the value of an option."""
        value = self._table.get(name)
        if value is None:
            return None
        if isinstance(value, list):
            return " ".join(map(str, value))
        return str(value).lower() if isinstance(value, bool) else str(value)

    def put(self, name: str, value: str) -> None:
        """Set an option."""
        if self.get(name) != value:
            self._table[name] = value

    def drop(self, name: str) -> None:
        """Drop an option, if it is set."""
        self._table.pop(name, None)

    def replace(self, name: str, old: str, new: str) -> None:
        """Put other words in the value of an option."""
        value = self._table.get(name)
        if isinstance(value, list):
            for index, one in enumerate(value):
                if old in str(one):
                    value[index] = str(one).replace(old, new)
        elif old in str(value):
            self._table[name] = str(value).replace(old, new)

    def written(self) -> str:
        """Return the text of the file."""
        text = tomlkit.dumps(self._document)
        if text == self._untouched:
            return self.original
        newline = "\r\n" if "\r\n" in self.original else "\n"
        return text.replace("\r\n", "\n").replace("\n", newline)
