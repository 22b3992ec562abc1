"""The command, as `python -m loopscope`."""

from __future__ import annotations

import sys

from loopscope.cli.entry import main

sys.exit(main())
