"""Findings for GitHub: workflow commands, which become annotations, and SARIF, for code scanning.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from loopscope.diagnose.catalog import CODES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loopscope.core.origin import Origin
    from loopscope.diagnose.catalog import Finding
    from loopscope.report.checked import Checked

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def github(checked: Checked) -> list[str]:
    """Return a workflow command for each mistake."""
    return [_command(mistake.finding) for mistake in checked.mistakes]


def _command(finding: Finding) -> str:
    properties = {"title": finding.code}
    place = _place(finding)
    if place is not None:
        properties = {"file": place.path, "line": str(place.line), **properties}
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::error {said}::{_data(_message(finding))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def sarif(checked: Checked) -> dict[str, Any]:
    """Return the mistakes as a SARIF log of version 2.1.0."""
    codes = sorted({mistake.finding.code for mistake in checked.mistakes})
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "loopscope",
                        "version": checked.document.versions["loopscope"],
                        "rules": [_rule(code) for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": _results(codes, [mistake.finding for mistake in checked.mistakes]),
            }
        ],
    }


def _rule(code: str) -> dict[str, Any]:
    row = CODES[code]
    return {
        "id": code,
        "shortDescription": {"text": row.title},
        "fullDescription": {"text": row.meaning},
        "help": {"text": f"{row.meaning}\n\nMore: loopscope explain {code}"},
        "defaultConfiguration": {"level": "error"},
    }


def _results(codes: list[str], findings: Iterable[Finding]) -> list[dict[str, Any]]:
    results = []
    for finding in findings:
        place = _place(finding)
        others = [
            (origin, f"{name} {text}".rstrip())
            for origin, name, text in finding.where
            if origin != place and _is_file(origin)
        ]
        result: dict[str, Any] = {
            "ruleId": finding.code,
            "ruleIndex": codes.index(finding.code),
            "level": "error",
            "message": {"text": _message(finding)},
            "locations": [] if place is None else [_location(place)],
            "partialFingerprints": {"loopscope/v1": _fingerprint(finding)},
        }
        if others:
            result["relatedLocations"] = [
                {**_location(origin), "id": number, "message": {"text": text}}
                for number, (origin, text) in enumerate(others, start=1)
            ]
        results.append(result)
    return results


def _location(origin: Origin) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(origin.path), "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": origin.line},
        }
    }


def _uri(path: str) -> str:
    return quote(PurePath(path).as_posix())


def _fingerprint(finding: Finding) -> str:
    """Return what stays the same when lines above a mistake come and go."""
    words = [finding.code, *(f"{origin.path} {name}" for origin, name, _ in finding.where)]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def _place(finding: Finding) -> Origin | None:
    """Return the place to show a finding at: the end that is named last, or that has a file."""
    return next((one for one, _, _ in reversed(finding.where) if _is_file(one)), None)


def _is_file(origin: Origin) -> bool:
    return origin.path.endswith(".py")


def _message(finding: Finding) -> str:
    return str(finding).removeprefix(f"{finding.code} ")
