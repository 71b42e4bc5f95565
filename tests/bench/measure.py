"""What a step costs: its seconds on the clock and, as the kernel counts it, the most memory a process of it held."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

GIB = 2**30
PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "pyarrow", "tweepy")


@dataclass(frozen=True)
class Cost:
    seconds: float
    peak_bytes: int


def socialmetrics(home: Path, now: datetime, *command: str) -> Cost:
    """Run the program on a home folder at an instant; its children count. Raises SystemExit where it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SOCIALMETRICS_")}
    environment |= {"SOCIALMETRICS_HOME": str(home), "SOCIALMETRICS_NOW": f"{now:%Y-%m-%dT%H:%M:%SZ}"}
    program = Path(sys.executable).with_name("socialmetrics")
    began = time.perf_counter()
    process = subprocess.Popen([program, *command], env=environment, stdout=subprocess.PIPE, text=True)
    said = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"socialmetrics {' '.join(command)} failed: {said}")
    return Cost(time.perf_counter() - began, usage.ru_maxrss * 1024)


def machine() -> dict[str, str]:
    """The machine without its name."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    return {"cores": str(cores), "memory": f"{memory:.0f} GiB", "Python": platform.python_version()} | {
        name: version(name) for name in PACKAGES
    }
