"""Start and stop a PostgreSQL server of our own, on loopback, in a temporary directory."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

USER = "loopscope"


def find_programs() -> Path | None:
    """Return the directory of the newest initdb and pg_ctl, or None."""
    # Debian keeps each version in a directory of its own and puts neither program on PATH.
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: [int(part) for part in path.parent.name.split(".") if part.isdigit()],
        reverse=True,
    )
    on_path = shutil.which("initdb")
    candidates = [*debian, *([Path(on_path).resolve().parent] if on_path else [])]
    for programs in candidates:
        if all((programs / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
            return programs
    return None


@contextmanager
def running_cluster(programs: Path) -> Iterator[str]:
    """Run a server with a fresh database cluster and yield its address."""
    # Not pytest's tmp_path: that is closed to the user the server runs as when we are root.
    directory = Path(tempfile.mkdtemp(prefix="loopscope-postgres-"))
    owner = _unprivileged_user()
    try:
        password = secrets.token_urlsafe(16)
        password_file = directory / "password"
        password_file.write_text(password, encoding="utf-8")
        if owner is not None:
            for path in (directory, password_file):
                shutil.chown(path, owner)
        data = directory / "data"
        _run(
            [
                programs / "initdb",
                *("--pgdata", data, "--username", USER, "--pwfile", password_file),
                *("--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-sync"),
            ],
            owner,
        )
        port = _start(programs, directory, owner)
        try:
            yield f"postgresql://{USER}:{password}@127.0.0.1:{port}/postgres"
        finally:
            # Immediate: what a test left open must not hold us up, and nobody reads the data.
            _run([programs / "pg_ctl", "stop", "--pgdata", data, "--mode", "immediate"], owner)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _unprivileged_user() -> str | None:
    """Return whom to be for a server that refuses to run as root, or None to stay as we are."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL does not run as root, and there is no user to run it as")


def _start(programs: Path, directory: Path, owner: str | None) -> int:
    log = directory / "log"
    for attempt in range(5):
        # The server cannot be given an open socket, so somebody may take the port in between.
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port: int = probe.getsockname()[1]
        options = [
            *("-c", "listen_addresses=127.0.0.1", "-c", f"port={port}"),
            *("-c", f"unix_socket_directories={directory}"),
            *("-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=20"),
        ]
        try:
            _run(
                [
                    *(programs / "pg_ctl", "start", "--wait", "--timeout", "60"),
                    *("--pgdata", directory / "data", "--log", log),
                    *("--options", " ".join(options)),
                ],
                owner,
            )
        except RuntimeError as error:
            said = log.read_text(encoding="utf-8") if log.exists() else ""
            if attempt == 4 or "could not bind" not in said:
                raise RuntimeError(f"{error}\n{said}") from None
            log.unlink()
        else:
            return port
    raise AssertionError


def _run(command: Sequence[str | Path], owner: str | None) -> None:
    # Into a file: a pipe would be inherited by the server and stay open as long as it runs.
    with tempfile.TemporaryFile() as output:
        process = subprocess.run(
            [os.fspath(part) for part in command],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # The current directory may be closed to that user.
            cwd="/",
            # A user's own PGPORT, PGDATA or PGOPTIONS are for other servers.
            env={name: value for name, value in os.environ.items() if not name.startswith("PG")},
            user=owner,
            extra_groups=None if owner is None else [],
            group=None if owner is None else pwd.getpwnam(owner).pw_gid,
        )
        output.seek(0)
        said = output.read().decode(errors="replace")
    if process.returncode != 0:
        raise RuntimeError(f"{Path(command[0]).name} failed ({process.returncode}):\n{said}")
