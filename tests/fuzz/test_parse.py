"""Any answer is read as valid records, or refused with its JSON path: never another exception, never a wrong number."""

from __future__ import annotations

import copy
from datetime import UTC, date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from platforms.test_parsing import INSTANT, JUNK, mutated
from socialmetrics import platforms
from socialmetrics.errors import Unexpected
from socialmetrics.landing import response_line
from socialmetrics.platforms.answers import LARGEST, kept
from socialmetrics.records import COLUMNS, Observation, Post, Profile, Record, Response, table

from .answers import Sample, samples
from .figures import figures

CORPUS = Path(__file__).with_name("corpus")
KINDS = {"observations": Observation, "profiles": Profile, "posts": Post}


def response_to(sample: Sample, body: Any) -> Response:
    platform, endpoint, keep, subjects, params, _ = sample
    return Response(
        platform, endpoint, subjects, date(2026, 9, 14), INSTANT, "run", 1, params, kept(copy.deepcopy(body), keep)
    )


def check(sample: Sample, body: Any) -> bool:
    """Whether the answer is read; what is read must be sound."""
    response = response_to(sample, body)
    assert response_line(response).count(b"\n") == 1
    try:
        records = list(platforms.interpret(platforms.load(sample[0]), response))
    except Unexpected as refusal:
        assert refusal.path.startswith("$")  # noqa: PT017
        assert str(refusal).endswith(".")  # noqa: PT017
        return False
    check_records(sample, records)
    stands = figures(sample[0], body)
    for record in records:
        if isinstance(record, Observation) and record.value is not None:
            key = record.post_id or record.account_id
            assert (key, record.metric, record.value) in stands, f"{record} stands nowhere in the answer"
    return True


def check_records(sample: Sample, records: list[Record]) -> None:
    accounts = {subject.account_id for subject in sample[3]}
    told = [(r.account_id, r.post_id, r.metric) for r in records if isinstance(r, Observation)]
    assert len(set(told)) == len(told)
    for record in records:
        assert record.platform == sample[0]
        if isinstance(record, Observation):
            assert record.account_id in accounts
            assert (record.value is None) != (record.reason is None)
            assert record.value is None or (type(record.value) is int and 0 <= record.value <= LARGEST)
        elif isinstance(record, Post):
            assert record.account_id in accounts
            assert record.published_at.tzinfo is UTC
    for kind, kinds in KINDS.items():
        table([r for r in records if isinstance(r, kinds)], COLUMNS[kind])


@pytest.mark.parametrize("number", range(len(samples())), ids=[" ".join(sample[:2]) for sample in samples()])
def test_a_sample_is_read_whole(number: int) -> None:
    """What is healthy gives a number or a reason for everyone who was asked about."""
    sample = samples()[number]
    assert check(sample, sample[5])
    records = list(platforms.interpret(platforms.load(sample[0]), response_to(sample, sample[5])))
    assert any(isinstance(r, Observation) and r.value is not None for r in records) or any(
        isinstance(r, Post) for r in records
    )


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_answer_is_read_or_refused(data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from(samples()))
    check(sample, data.draw(mutated(sample[5]) | mutated({"items": [sample[5]], "data": sample[5]}) | JUNK))


def test_what_the_fuzzer_kept_is_read_or_refused() -> None:
    """Inputs by which `make fuzz` reached new code, and those that failed once."""
    again = test_any_answer_is_read_or_refused.hypothesis.fuzz_one_input  # type: ignore[attr-defined]
    kept_inputs = sorted(CORPUS.glob("*"))
    assert kept_inputs
    for path in kept_inputs:
        again(path.read_bytes())


def test_a_wrong_number_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check itself: a number that is put to the next account, or changed by one, is told."""
    sample = samples()[0]
    module = platforms.load(sample[0])
    true_parse = module.parse

    def off_by_one(response: Response) -> Any:
        for record in true_parse(response):
            is_number = isinstance(record, Observation) and record.value is not None
            yield msgspec.structs.replace(record, value=record.value + 1) if is_number else record

    monkeypatch.setattr(module, "parse", off_by_one)
    with pytest.raises(AssertionError, match="stands nowhere"):
        check(sample, sample[5])
