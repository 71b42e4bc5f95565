"""`make fuzz`: the property of test_parse.py, driven by coverage, until the time is over or an answer breaks it."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["socialmetrics.platforms"]):
    from socialmetrics.platforms import facebook, x, youtube  # noqa: F401

from .test_parse import CORPUS, test_any_answer_is_read_or_refused


def main(seconds: int) -> None:
    """New inputs go to a folder beside the corpus; `-merge` keeps of them what reaches new code."""
    found = Path("build/fuzz")
    found.mkdir(parents=True, exist_ok=True)
    again = test_any_answer_is_read_or_refused.hypothesis.fuzz_one_input  # type: ignore[attr-defined]
    options = [f"-max_total_time={seconds}", "-max_len=8192", "-print_final_stats=1", f"-artifact_prefix={CORPUS}/"]
    atheris.Setup([sys.argv[0], *options, str(found), str(CORPUS)], lambda data: again(data) and None)
    atheris.Fuzz()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 600)
