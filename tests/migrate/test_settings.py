"""Options of pytest are set and dropped, and all else in the file stays as it is."""

from __future__ import annotations

import configparser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopscope.migrate.settings import Ini, settings_of
from loopscope.migrate.source import Unreadable

INI = """\
; ours
[tool]
asyncio_mode = not this

[pytest]
# which
asyncio_mode=auto
addopts =
    -ra
    --asyncio-mode=auto
  # within

[other]
asyncio_mode = nor this
"""
TOML = """\
# ours
[tool.pytest.ini_options]
asyncio_mode = "auto" # which
addopts = ["-ra",
    "--asyncio-mode=auto", # within
]

[tool.other]
asyncio_mode = "not this"
"""


@pytest.mark.parametrize(
    ("name", "text", "key"),
    [
        ("tox.ini", INI, "asyncio_mode=auto"),
        ("pytest.ini", INI, "asyncio_mode=auto"),
        ("setup.cfg", INI.replace("[pytest]", "[tool:pytest]"), "asyncio_mode=auto"),
        ("pyproject.toml", TOML, 'asyncio_mode = "auto"'),
        ("pyproject.toml", TOML.replace(".ini_options", ""), 'asyncio_mode = "auto"'),
        ("pytest.toml", TOML.replace("tool.pytest.ini_options", "pytest"), 'asyncio_mode = "auto"'),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_only_what_is_asked_for_changes(name: str, text: str, key: str, newline: str) -> None:
    text = text.replace("\n", newline)
    found = settings_of({"README": "", name: text})
    assert found is not None
    path, settings = found
    assert (path, settings.written()) == (name, text)
    assert settings.get("asyncio_mode") == "auto"
    assert settings.get("asyncio_debug") is None
    settings.put("asyncio_mode", "auto")
    settings.drop("asyncio_debug")
    settings.replace("asyncio_debug", "a", "b")
    assert settings.written() == text
    settings.put("asyncio_mode", "strict")
    assert settings.written() == text.replace(key, key.replace("auto", "strict"))
    settings.put("asyncio_mode", "auto")
    settings.replace("addopts", "--asyncio-mode", "--anyio-mode")
    assert settings.written() == text.replace("--asyncio-mode", "--anyio-mode")
    settings.replace("addopts", "--anyio-mode", "--asyncio-mode")
    settings.put("anyio_mode", "auto")
    assert settings.get("anyio_mode") == "auto"
    settings.drop("anyio_mode")
    assert settings.written() == text
    settings.drop("addopts")
    assert "--asyncio-mode" not in settings.written()
    assert "nor this" in text.replace("not this", "nor this")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({"tox.ini": "[tox]\n", "setup.cfg": "", "pyproject.toml": "[tool.x]\n"}, None),
        ({"pytest.ini": "", "tox.ini": "[pytest]\n"}, "pytest.ini"),
        ({"pyproject.toml": TOML, "tox.ini": "[pytest]\n"}, "pyproject.toml"),
        ({"pyproject.toml": "", "tox.ini": "[pytest]\n"}, "tox.ini"),
        ({"pytest.toml": "[pytest]\n", "pytest.ini": "[pytest]\n"}, "pytest.toml"),
    ],
)
def test_settings_are_those_that_pytest_reads(files: dict[str, str], expected: str | None) -> None:
    found = settings_of(files)
    assert (None if found is None else found[0]) == expected


def test_a_file_that_is_no_toml_is_refused() -> None:
    with pytest.raises(Unreadable):
        settings_of({"pyproject.toml": "[tool"})


def test_a_section_is_begun_where_there_is_none() -> None:
    settings = Ini("", "pytest")
    settings.put("a", "1")
    settings.put("b", "2")
    assert settings.written() == "[pytest]\na = 1\nb = 2\n"


words = st.text(st.characters(codec="ascii", categories=["L"]), min_size=1).map(str.lower)


@given(
    st.dictionaries(words, words), st.dictionaries(words, words), st.sampled_from(["\n", "\r\n"])
)
def test_what_is_put_is_what_configparser_reads(
    before: dict[str, str], after: dict[str, str], newline: str
) -> None:
    lines = ["[pytest]", *(f"{name} = {value}" for name, value in before.items()), "", "[x]", ""]
    settings = Ini(newline.join(lines), "pytest")
    for name, value in after.items():
        settings.put(name, value)
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(settings.written())
    assert dict(parser["pytest"]) == {**before, **after}
    assert settings.written().count("\n") == settings.written().count(newline)
