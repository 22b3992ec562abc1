"""Reading the data files: every complaint names the file, the entry and the key."""

from __future__ import annotations

import difflib
import importlib
from typing import TYPE_CHECKING, Any

from downstream.errors import DownstreamError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


class Entry:
    """One table of a data file: hands out its keys, and knows which ones nobody asked for."""

    def __init__(self, table: dict[str, Any], place: str) -> None:
        self.place = place
        self._table = table
        self._asked: set[str] = set()

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a string that is not empty, unless the default is."""
        value = self._get(key, default)
        if not isinstance(value, str):
            raise self.complaint(f"{key} must be a string, not {value!r}")
        if not value and value != default:
            raise self.complaint(f"{key} is empty")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings, empty if the key is absent."""
        value = self._get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.complaint(f"{key} must be a list of strings, not {value!r}")
        return tuple(value)

    def flag(self, key: str) -> bool:
        """Return true or false, false if the key is absent."""
        value = self._get(key, False)
        if not isinstance(value, bool):
            raise self.complaint(f"{key} must be true or false, not {value!r}")
        return value

    def number(self, key: str, default: int) -> int:
        """Return a whole number above zero."""
        value = self._get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.complaint(f"{key} must be a whole number above zero, not {value!r}")
        return value

    def entries(self, key: str) -> list[Entry]:
        """Return a list of tables, empty if the key is absent."""
        value = self._get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.complaint(f"{key} must be a list of tables, not {value!r}")
        return [Entry(item, f"{self.place}, {key} {n}") for n, item in enumerate(value, 1)]

    def tables(self, key: str) -> dict[str, Entry]:
        """Return a table of tables, empty if the key is absent."""
        value = self._get(key, {})
        if not isinstance(value, dict) or not all(isinstance(v, dict) for v in value.values()):
            raise self.complaint(f"{key} must be a table of tables, not {value!r}")
        return {name: Entry(table, f"{self.place}, {key}.{name}") for name, table in value.items()}

    def choice(self, key: str, valid: Iterable[str]) -> str:
        """Return one of the valid words."""
        value = self.text(key)
        words = tuple(valid)
        if value not in words:
            raise self.complaint(f"{key} = {value!r} is none of {', '.join(words)}")
        return value

    def nothing_else(self) -> None:
        """Complain about a key that nobody asked for."""
        for key in self._table:
            if key not in self._asked:
                near = difflib.get_close_matches(key, self._asked, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise self.complaint(f"unknown key {key}{hint}")

    def complaint(self, text: str) -> DownstreamError:
        """Return an exception that names this entry."""
        return DownstreamError(f"{self.place}: {text}")

    def _get(self, key: str, default: Any) -> Any:
        self._asked.add(key)
        value = self._table.get(key, default)
        if value is None:
            raise self.complaint(f"{key} is missing")
        return value


def load(path: Path) -> Entry:
    """Return the whole file as one entry."""
    toml = _toml()
    try:
        return Entry(toml.loads(path.read_text(encoding="utf-8")), path.name)
    except OSError as exc:
        raise DownstreamError(f"{path}: {exc.strerror}") from None
    except toml.TOMLDecodeError as exc:
        raise DownstreamError(f"{path.name}: {exc}") from None


def _toml() -> Any:
    for name in ("tomllib", "tomli"):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            pass
    raise DownstreamError(
        "reading the data files needs Python 3.11 or newer, or the package tomli; "
        "the suites themselves may run on an older one: see --python"
    )
