"""`make quarter`: 91 days of which faults meet over 30 % of all calls, and what was had against what could be had."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from .check import compared


def main(days: int = 91, seed: int = 22) -> int:
    with tempfile.TemporaryDirectory() as folder:
        figures = compared(Path(folder), days, seed)
    print(json.dumps(figures, default=str, indent=2))
    return 1 if figures["differences"] else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
