"""`make fuzz`: the property of test_parse.py, driven by coverage, until the time is over or an answer breaks it."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["socialmetrics.platforms"]):
    from socialmetrics.platforms import facebook, x, youtube  # noqa: F401

from .test_parse import CORPUS, test_any_answer_is_read_or_refused

FOUND = Path(__file__).parents[2] / "build" / "fuzz"
LONGEST = 4096


def main(wanted: str) -> None:
    """For so many seconds, what is new going beside the corpus; or `merge` of it what reaches code that nothing did.

    An input that breaks the property goes into the corpus at once, so that `make test` fails until it is mended.
    """
    FOUND.mkdir(parents=True, exist_ok=True)
    chance = random.Random(2010)
    for number in range(64):
        (FOUND / f"chance-{number}").write_bytes(chance.randbytes(chance.randint(16, LONGEST)))
    options = [f"-max_len={LONGEST}", f"-artifact_prefix={CORPUS}/", "-print_final_stats=1"]
    if wanted == "merge":
        arguments = [*options, "-merge=1", str(CORPUS), str(FOUND)]
    else:
        arguments = [*options, f"-max_total_time={wanted}", "-len_control=0", str(FOUND), str(CORPUS)]
    again = test_any_answer_is_read_or_refused.hypothesis.fuzz_one_input  # type: ignore[attr-defined]
    atheris.Setup([sys.argv[0], *arguments], lambda data: again(data) and None)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "600")
