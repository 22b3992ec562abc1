"""What results say of where they come from."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.environments import CHECKOUT
from benchmarks.results import About

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.environments import Environments
    from benchmarks.idioms import Idiom


def about(environments: Environments, idioms: Iterable[Idiom], note: str) -> About:
    """Ask the machine, the environments and git."""
    versions: dict[str, str] = {}
    python = ""
    for requires in dict.fromkeys(idiom.requires for idiom in idioms):
        python, installed = environments.about(requires)
        versions |= installed
    return About(
        date=datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        machine=f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
        python=python,
        versions=dict(sorted(versions.items())),
        revision=_revision(),
        note=note,
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _revision() -> str:
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "an unknown revision"
    return done.stdout.strip()
