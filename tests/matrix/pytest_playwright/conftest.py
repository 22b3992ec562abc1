"""A real browser: Debian's, since the tool's own may not be there."""

import shutil

import pytest

CHROMIUM = shutil.which("chromium")

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


def pytest_ignore_collect(collection_path, config):
    is_of_ours = collection_path.name == "test_engine.py"
    return True if is_of_ours and not config.pluginmanager.hasplugin("loopscope") else None


def pytest_collection_modifyitems(items):
    if CHROMIUM is None:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="Chromium is not installed"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": FLAGS}
