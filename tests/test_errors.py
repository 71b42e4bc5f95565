"""Errors are named by what to do, and each leaves a reason of the first promise."""

from __future__ import annotations

import inspect

import pytest

from socialmetrics import errors
from socialmetrics.errors import SocialmetricsError
from socialmetrics.records import Reason

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, SocialmetricsError)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_has_a_sentence_and_a_reason(kind: type[SocialmetricsError]) -> None:
    error = kind("What happened. What to do.")
    assert str(error) == "What happened. What to do."
    assert isinstance(error.reason, Reason)
    assert kind.__name__ in (errors.__doc__ or "")


def test_the_reasons() -> None:
    assert errors.Denied("").reason is Reason.DENIED
    assert errors.Exhausted("").reason is errors.TooLate("").reason is Reason.NOT_COLLECTED
    assert errors.Unexpected("").reason is Reason.UNREADABLE
    assert errors.Throttled("").reason is errors.Unavailable("").reason is Reason.UNAVAILABLE


def test_what_they_carry() -> None:
    assert errors.Throttled("", 5).retry_after == 5
    assert errors.Unexpected("", "$.items[0]").path == "$.items[0]"
    assert errors.Exhausted("").resets_at is None
