"""Source packages from the index, and an environment for each project's suite."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from downstream.errors import DownstreamError

if TYPE_CHECKING:
    from downstream.catalogue import Project
    from downstream.processes import Children

CHECKOUT = Path(__file__).parent.parent
OURS = "pytest-loopscope"
ALWAYS = ("pytest>=8.2",)


@dataclass(frozen=True, slots=True)
class Tools:
    """The interpreter the suites run on, and what makes environments for it."""

    python: Path
    version: tuple[int, int]
    pip: tuple[str, ...]
    uv: str | None


def find_tools(python: Path) -> Tools:
    """Ask the interpreter for its version, and look for uv and pip."""
    version = _output([str(python), "-c", "import sys; print(*sys.version_info[:2])"])
    if version is None:
        raise DownstreamError(f"{python} is not a Python that runs")
    for candidate in (sys.executable, str(python)):
        if _output([candidate, "-m", "pip", "--version"]) is not None:
            major, minor = version.split()
            pip = (candidate, "-m", "pip")
            return Tools(python, (int(major), int(minor)), pip, _uv())
    raise DownstreamError(f"neither {sys.executable} nor {python} has pip")


def _uv() -> str | None:
    beside = shutil.which("uv", path=str(Path(sys.executable).parent))
    return beside or shutil.which("uv")


def _output(command: list[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


class Environment:
    """One project's folder below the work folder: its source, its environment, its logs."""

    def __init__(self, project: Project, work: Path, tools: Tools, children: Children) -> None:
        self.project = project
        self.downloads = work / "downloads"
        version = "{}.{}".format(*tools.version)
        self.folder = work / f"py{version}" / project.name
        self.source = self.folder / "source"
        self.log = self.folder / "setup.log"
        self._venv = self.folder / "venv"
        self._tools = tools
        self._children = children

    def clear(self) -> None:
        """Forget what earlier runs left; downloads are kept."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def prepare(self) -> None:
        """Make the environment, unless it was made for the same requirements."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log.unlink(missing_ok=True)
        stamp = self.folder / "requirements"
        constraints = self.folder / "constraints.txt"
        pins = "\n".join(self.project.constraints)
        wanted = "\n".join([str(self._tools.python), *self._requirements(), pins])
        if self.executable("python").exists() and _text(stamp) == wanted:
            self._run_pip("uninstall", *(() if self._tools.uv else ("--yes",)), OURS)
            return
        stamp.unlink(missing_ok=True)
        shutil.rmtree(self._venv, ignore_errors=True)
        if self._tools.uv:
            self._check(self._tools.uv, "venv", "--python", self._tools.python, self._venv)
        else:
            self._check(self._tools.python, "-m", "venv", self._venv)
        constraints.write_text(pins, encoding="utf-8")
        self._run_pip("install", "--constraint", constraints, *self._requirements())
        stamp.write_text(wanted, encoding="utf-8")

    def install(self, wheel: Path) -> None:
        """Put loopscope beside the project's own engine."""
        self._run_pip("install", wheel)

    def executable(self, name: str) -> Path:
        """Return a program of the environment."""
        if sys.platform == "win32":
            return self._venv / "Scripts" / f"{name}.exe"
        return self._venv / "bin" / name

    def unpack(self) -> None:
        """Put a fresh copy of the source in its place: no run sees what another one left."""
        archive = self._archive() or self._download()
        shutil.rmtree(self.source, ignore_errors=True)
        unpack(archive, self.source)
        for metadata in [*self.source.glob("*.egg-info"), *self.source.glob("src/*.egg-info")]:
            # Otherwise pytest takes the source for a second installed copy of a plugin.
            shutil.rmtree(metadata)
        if self.project.config:
            (self.source / "pytest.ini").write_text(self.project.config, encoding="utf-8")
        elif not _has_pytest_config(self.source):
            # Otherwise pytest looks for one in the folders above.
            (self.source / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")

    def _requirements(self) -> tuple[str, ...]:
        project = self.project
        extras = f"[{','.join(project.extras)}]" if project.extras else ""
        return (f"{project.package}{extras}=={project.version}", *ALWAYS, *project.requires)

    def _archive(self) -> Path | None:
        stem = f"{_normal(self.project.package)}-{self.project.version}"
        for path in sorted(self.downloads.glob("*.tar.gz")):
            if _normal(path.name.removesuffix(".tar.gz")) == _normal(stem):
                return path
        return None

    def _download(self) -> Path:
        self.downloads.mkdir(parents=True, exist_ok=True)
        package = self.project.package
        self._check(
            *self._tools.pip,
            "download",
            *("--disable-pip-version-check", "--no-deps", "--no-binary", package),
            *("--dest", self.downloads),
            f"{package}=={self.project.version}",
        )
        archive = self._archive()
        if archive is None:
            raise DownstreamError(f"{package}: the source package is not a .tar.gz")
        return archive

    def _run_pip(self, verb: str, *words: str | Path) -> None:
        python = self.executable("python")
        if self._tools.uv:
            self._check(self._tools.uv, "pip", verb, "--python", python, *words)
        else:
            self._check(python, "-m", "pip", verb, "--disable-pip-version-check", *words)

    def _check(self, *command: str | Path) -> None:
        self._children.check(command, self.log, cwd=self.folder)


def build_wheel(work: Path, tools: Tools, children: Children) -> Path:
    """Build loopscope from this checkout, as it is now."""
    folder = work / "loopscope"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command: list[str | Path]
    if tools.uv:
        command = [tools.uv, "build", "--wheel", "--out-dir", folder, CHECKOUT]
    else:
        command = [*tools.pip, "wheel", "--no-deps", "--wheel-dir", folder, CHECKOUT]
    children.check(command, folder / "build.log", cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


def unpack(archive: Path, target: Path) -> None:
    """Unpack a source package, without the one folder that it consists of."""
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with tarfile.open(archive) as file:
            if hasattr(tarfile, "data_filter"):
                file.extractall(partial, filter="data")
            else:
                _refuse_unsafe(file)
                file.extractall(partial)
    except (tarfile.TarError, OSError) as exc:
        raise DownstreamError(f"{archive}: {exc}") from None
    folders = list(partial.iterdir())
    if len(folders) != 1:
        raise DownstreamError(f"{archive}: not one folder but {len(folders)}")
    folders[0].rename(target)
    partial.rmdir()


def _refuse_unsafe(file: tarfile.TarFile) -> None:
    for member in file:
        parts = Path(member.name).parts
        plain = member.isfile() or member.isdir()
        if not plain or Path(member.name).is_absolute() or ".." in parts:
            raise tarfile.TarError(f"{member.name} is not a plain file below the folder")


def _has_pytest_config(source: Path) -> bool:
    sections = {
        "pytest.toml": "",
        ".pytest.toml": "",
        "pytest.ini": "",
        ".pytest.ini": "",
        "pyproject.toml": "[tool.pytest",
        "tox.ini": "[pytest]",
        "setup.cfg": "[tool:pytest]",
    }
    return any(
        (source / name).exists() and section in _text(source / name)
        for name, section in sections.items()
    )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _normal(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")
