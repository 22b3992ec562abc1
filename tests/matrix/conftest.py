"""The suites below are run by nox's session `versions`, one at a time, and not from here.

Each is written in words that its plugin has in all of the versions that it is run with, or chooses
its files by the version. It passes on the plugin itself, but for the files named `test_engine.py`:
those say whose engine it is, and pass on ours only.
"""

collect_ignore_glob = ["*"]
