"""What the Trace Event Format asks of a file, as viewers check it.

https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

from __future__ import annotations

from collections import defaultdict
from math import inf
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Line = dict[str, Any]
Slice = tuple[float, float, str]


def violations(lines: Iterable[Line]) -> list[str]:
    """Return what a viewer would drop or draw wrong, in a sentence each."""
    lanes: dict[tuple[int, int], list[Line]] = defaultdict(list)
    lives: dict[tuple[int, str], str] = {}
    found: list[str] = []
    for line in lines:
        if line["ph"] in ("B", "E", "X", "i"):
            lanes[line["pid"], line["tid"]].append(line)
        elif line["ph"] in ("b", "e"):
            found += _asynchronous(line, lives)
    threads = [thread for _, thread in lanes]
    if len(set(threads)) < len(threads) or 0 in threads:
        found.append("threads of two processes have the same number")
    for lane in lanes.values():
        slices: list[Slice] = []
        found += _paired(lane, slices)
        found += _overlapping(slices)
    return found


def _asynchronous(line: Line, lives: dict[tuple[int, str], str]) -> Iterator[str]:
    key = line["pid"], line["id2"]["local"]
    if line["ph"] == "b":
        if key in lives:
            yield f"{key} begins twice"
        lives[key] = line["name"]
    elif lives.pop(key, None) != line["name"]:
        yield f"{line['name']} ends, and {key} had not begun by that name"


def _paired(lane: Iterable[Line], slices: list[Slice]) -> Iterator[str]:
    """Collect the slices of a lane; yield each pair of B and E that does not match."""
    begun: list[Line] = []
    for line in lane:
        if line["ph"] == "X":
            if line["dur"] < 0:
                yield f"{line['name']} ends before it begins"
            if begun and begun[-1]["ts"] == line["ts"]:
                yield f"{line['name']} begins in the microsecond of what is around it"
            slices.append((line["ts"], line["ts"] + line["dur"], line["name"]))
        elif line["ph"] == "B":
            begun.append(line)
        elif line["ph"] == "E":
            if not begun or begun[-1]["name"] != line["name"]:
                yield f"{line['name']} ends, and is not the last that began"
                continue
            if begun[-1]["ts"] == line["ts"]:
                yield f"{line['name']} ends in the microsecond in which it begins"
            slices.append((begun.pop()["ts"], line["ts"], line["name"]))
    slices.extend((line["ts"], inf, line["name"]) for line in begun)


def _overlapping(slices: Iterable[Slice]) -> Iterator[str]:
    """Yield each slice that overlaps another one without lying within it."""
    around: list[Slice] = []
    for began, ended, name in sorted(slices, key=lambda one: (one[0], -one[1])):
        while around and around[-1][1] <= began:
            around.pop()
        if around and around[-1][1] < ended:
            yield f"{name} ({began} to {ended}) overlaps {around[-1]}"
        around.append((began, ended, name))
