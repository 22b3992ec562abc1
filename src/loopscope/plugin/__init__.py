"""The pytest plugin: collects, plans, executes the plan, and reports.

pytest rewrites the assertions of every module of a distribution that has a plugin. There is nothing
in ours that a test wants explained, and to pass its hook takes as long as to import the module
does. So ours are found before that hook is asked. The one module that pytest knows by name is left
to it, or it would warn of what it cannot rewrite.

Who does that is loaded past the hook as well: what comes through it refers to pytest's session, and
what finds modules is kept as long as the interpreter lives.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec

_FINDING = f"{__name__}.finding"

if _FINDING not in sys.modules:
    _spec = PathFinder.find_spec(_FINDING, __path__)
    assert _spec is not None
    assert _spec.loader is not None
    sys.modules[_FINDING] = _module = module_from_spec(_spec)
    _spec.loader.exec_module(_module)
sys.modules[_FINDING].begin()
