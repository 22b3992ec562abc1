"""What passes on our engine only is left out on theirs."""


def pytest_ignore_collect(collection_path, config):
    is_of_ours = collection_path.name == "test_engine.py"
    return True if is_of_ours and not config.pluginmanager.hasplugin("loopscope") else None
