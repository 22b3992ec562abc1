"""Entry point of `python -m downstream`."""

from __future__ import annotations

import sys

from downstream.cli import main

if __name__ == "__main__":
    sys.exit(main())
