"""The git work tree that a suite is in: what is in there, and whether edits could be undone."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from loopscope.cli.files import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def refuse_unclean(root: Path, edited: Iterable[Path]) -> None:
    """Fail unless git has all that is about to be edited, and nothing else is changed.

    Raises:
        Failure: it has not; or there is no git.
    """
    changed = git(root, "status", "--porcelain", "--untracked-files=no")
    if changed is None:
        raise Failure(f"{root} is not in a git work tree, which could undo this; or use --force")
    if changed.strip():
        raise Failure(
            "there are changes that are not committed; commit them, or use --force\n"
            + changed.rstrip()
        )
    for path in edited:
        if path.exists() and not git(path.parent, "ls-files", path.name):
            raise Failure(f"git does not have {path}, which is to be edited; or use --force")


def git(folder: Path, *arguments: str) -> str | None:
    """Return what git says; None if it is not there, or `folder` in no work tree of it."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="surrogateescape",
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
