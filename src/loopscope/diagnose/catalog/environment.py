"""LS5xx: what the process around the suite, or a library in it, does to its loops."""

from __future__ import annotations
