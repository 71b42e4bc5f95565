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


def main(words: list[str]) -> None:
    """For so many seconds, what is new going beside the corpus; or `merge` of it what reaches code that nothing did.

    An input that breaks the property goes into the corpus at once, so that `make test` fails until it is mended.
    """
    wanted = words[0] if words else "600"
    program = _program()
    options = [f"-max_len={LONGEST}", f"-artifact_prefix={CORPUS}/", "-print_final_stats=1"]
    if wanted == "merge":
        options += ["-merge=1", str(CORPUS), str(FOUND)]
    elif wanted.startswith("-"):  # the fuzzer starting itself, for a merge
        options = words
    else:
        _write_seeds()
        options += [f"-max_total_time={wanted}", "-len_control=0", str(FOUND), str(CORPUS)]
    again = test_any_answer_is_read_or_refused.hypothesis.fuzz_one_input  # type: ignore[attr-defined]
    atheris.Setup([str(program), *options], lambda data: again(data) and None)
    atheris.Fuzz()


def _program() -> Path:
    """What the fuzzer starts when it starts itself."""
    program = FOUND.with_name("fuzz-again")
    FOUND.mkdir(parents=True, exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -W ignore -m fuzz "$@"\n')
    program.chmod(0o755)
    return program


def _write_seeds() -> None:
    chance = random.Random(2010)
    for number in range(64):
        (FOUND / f"chance-{number}").write_bytes(chance.randbytes(chance.randint(16, LONGEST)))


if __name__ == "__main__":
    main(sys.argv[1:])
