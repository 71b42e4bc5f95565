"""One platform's run of one day: makes the calls the platform plans, keeps what came, and says what did not come."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from gzip import GzipFile
from typing import Any

from pydantic import SecretStr
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from socialmetrics import clock, platforms, withdrawn
from socialmetrics.budget import Budget
from socialmetrics.errors import (
    Denied,
    Exhausted,
    Misconfigured,
    SocialmetricsError,
    Throttled,
    Unavailable,
    Unexpected,
)
from socialmetrics.landing import Landing, response_line
from socialmetrics.platforms import Platform
from socialmetrics.platforms.answers import kept, shape
from socialmetrics.records import (
    Account,
    Answer,
    Call,
    CallMade,
    Found,
    Observation,
    Post,
    Profile,
    Reason,
    Record,
    Response,
    Subject,
    Tracked,
)
from socialmetrics.settings import Access
from socialmetrics.withdrawn import Withdrawn

ATTEMPTS = 3
COLLECTED_AFTER = 100_000  # objects; Python's own figure is 700
IN_A_ROW = 3  # calls without a usable answer, after which a platform is left alone for this run
UNSAID_SECONDS = 60.0  # the wait for a platform that throttles and does not say for how long

_SILENCE: tuple[tuple[Reason, type[SocialmetricsError], str, str], ...] = (
    (Reason.DENIED, Denied, "the token is refused", "Make a new one and run `socialmetrics check`."),
    (Reason.UNREADABLE, Unexpected, "an unknown error came", "Report it with the response file."),
    (Reason.UNAVAILABLE, Unavailable, "no usable answer came", "Run again later."),
)


@dataclass
class Extraction:
    """`patience`: the longest wait for a platform, in seconds; a longer one ends its token's run."""

    platform: str
    reach: Access
    landing: Landing
    measured_on: date
    run_id: str
    started_at: datetime
    budget: Budget
    patience: float
    found: Found = field(default_factory=Found)
    observations: list[Observation] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)
    posts: dict[str, Post] = field(default_factory=dict)
    calls: list[CallMade] = field(default_factory=list)
    problems: list[SocialmetricsError] = field(default_factory=list)
    _last: dict[int, Call] = field(default_factory=dict)
    _undiscovered: set[str] = field(default_factory=set)
    _seen: set[Subject] = field(default_factory=set)
    _stopped: dict[SecretStr | None, SocialmetricsError] = field(default_factory=dict)
    _due_again: dict[str, date | None] = field(default_factory=dict)
    _failed_in_a_row: int = 0

    @cached_property
    def module(self) -> Platform:
        return platforms.load(self.platform)

    @cached_property
    def client(self) -> Any:
        return self.module.connect(self.reach.at_the_present())

    @cached_property
    def known_posts(self) -> set[str]:
        return self.landing.known_posts(self.platform, self.started_at)

    @cached_property
    def withdrawn(self) -> Withdrawn:
        return withdrawn.read(self.landing)

    def run(self, accounts: list[Account], tracked: Tracked, heard: Sequence[Response] = ()) -> None:
        """Make every call that is planned, and those that its answers make due, until nothing new is.

        `heard`: what earlier runs of the day were answered. Whom they have seen is not asked about again; what they
        did not get of them is.
        """
        with _seldom_collecting(), self.landing.responses(self.platform, self.run_id, self.started_at) as lines:
            accounts = self._with_token(accounts, lines)
            self._recall(heard)
            for members, posts in self._turns(accounts, tracked):
                for group, theirs in self._groups(members, posts):
                    while todo := [c for c in self.module.plan(group, theirs, self.found) if c not in self.found.calls]:
                        for call in todo:
                            self._make(call, lines)
                            self.found.calls.add(call)
            self._leave_posts(tracked, lines)
        self._mark_last()
        self.land()
        self.landing.write("calls", self.calls, self.run_id, self.started_at, self.platform)
        self.landing.spending(self.platform).has_landed(self.run_id, self.started_at)

    def try_token(self, account: Account) -> SocialmetricsError | None:
        """Ask for one account without landing anything: what stands in the way of its token, if something does."""
        call = self.module.plan([account], Tracked(), None)[0]
        problem = self._why_not(call)
        if problem or not self.budget.allows(call):
            return problem or Exhausted(f"{self.module.TITLE}: the budget is spent. Raise it in the settings.")
        pages, problem = self._ask(call)
        for number, (answer, fetched_at) in enumerate(pages, start=1):
            response = self._response(call, number, fetched_at, kept(answer.body, call.keep), None)
            try:
                reasons = {r.reason for r in platforms.interpret(self.module, response) if isinstance(r, Observation)}
            except Unexpected as unread:
                return unread
            if Reason.DENIED in reasons:
                named = f" {account.credential!r}" if account.credential else ""
                return Denied(f"{self.module.TITLE} refuses the token{named} for {account.handle}. Make a new one.")
        return problem

    def land(self) -> None:
        """Write the rows beside their responses."""
        for kind, records in (
            ("observations", self.observations),
            ("profiles", self.profiles),
            ("posts", list(self.posts.values())),
        ):
            self.landing.write(kind, records, self.run_id, self.started_at, self.platform)

    def take(self, records: Iterable[Record]) -> None:
        """Sort an answer's records; what comes again is kept once, a post in the run that first knows its kind."""
        for record in self.found.add(records):
            if isinstance(record, Observation):
                self.observations.append(record)
            elif isinstance(record, Profile):
                self.profiles.append(record)
            elif record.post_id not in self.known_posts:
                self.posts[record.post_id] = self.withdrawn.post(record)

    def stop(self, problem: SocialmetricsError) -> None:
        """Make no call in this run; each leaves `problem`."""
        self._stopped[None] = problem

    def _recall(self, heard: Sequence[Response]) -> None:
        for response in heard:
            records = platforms.interpret(self.module, response)
            self.found.add(records)
            for record in records:
                if isinstance(record, Observation) and record.value is not None:
                    self._seen.add(Subject(record.account_id, record.post_id))
            self.found.responses.append(response)

    def _turns(self, accounts: list[Account], tracked: Tracked) -> list[tuple[list[Account], Tracked]]:
        """Everything at once where the budget is sure to cover it; else what is own, then peers by when last seen."""
        self._due_again = {a.account_id or "": a.due_after(self.measured_on) for a in accounts}
        if not self.budget.is_limited or self.budget.covers(self.module.plan(accounts, tracked, None)):
            return [(accounts, tracked)]
        seen = self.landing.seen_on(self.platform, self.measured_on)
        accounts = sorted(accounts, key=lambda a: (seen.get(a.account_id or "", date.min), a.account_id or ""))
        own, peers = ([a for a in accounts if a.is_own == is_own] for is_own in (True, False))
        ids = {account.account_id for account in own}
        of_own, of_peers = (
            tuple(post for post in tracked.posts if (post.account_id in ids) == is_own) for is_own in (True, False)
        )
        return [(own, replace(tracked, posts=of_own)), (peers, replace(tracked, posts=of_peers))]

    def _groups(self, accounts: list[Account], tracked: Tracked) -> Iterator[tuple[list[Account], Tracked]]:
        """The accounts without a value today, then those of which only posts may be missing."""
        if not self._seen:
            yield accounts, tracked
            return
        done = tracked.searched - {post.account_id for post in tracked.posts}
        seen = [account for account in accounts if Subject(account.account_id or "") in self._seen]
        partly = [account for account in seen if account.account_id not in done]
        ids = {account.account_id for account in partly}
        self.found.calls.update(self.module.plan(partly, Tracked(), Found()))
        fresh = [account for account in accounts if Subject(account.account_id or "") not in self._seen]
        yield fresh, replace(tracked, posts=tuple(post for post in tracked.posts if post.account_id not in ids))
        yield partly, replace(tracked, posts=tuple(post for post in tracked.posts if post.account_id in ids))

    def _with_token(self, accounts: list[Account], lines: GzipFile) -> list[Account]:
        """The accounts whose credential has a token; the others leave their reason unasked."""
        missing = dict.fromkeys(a.credential for a in accounts if a.credential not in self.reach.tokens)
        for credential in missing:
            problem = self._no_token(credential)
            subjects = tuple(Subject(a.account_id) for a in accounts if a.credential == credential and a.account_id)
            self.problems.append(problem)
            call = Call("no token", subjects, frozenset(), credential=credential)
            self._write(self._response(call, 1, clock.now(), None, problem), lines)
        return [account for account in accounts if account.credential not in missing]

    def _leave_posts(self, tracked: Tracked, lines: GzipFile) -> None:
        """Posts that were due and not asked for, because their account gave nothing, share its reason."""
        silent = {o.account_id: o.reason for o in self.observations if o.post_id is None and o.metric is None}
        if not silent:
            return
        told = {Subject(o.account_id, o.post_id) for o in self.observations}
        left: dict[Reason, list[Subject]] = {}
        for post in tracked.posts:
            reason, subject = silent.get(post.account_id), Subject(post.account_id, post.post_id)
            if reason and subject not in told:
                left.setdefault(reason, []).append(subject)
        for reason, subjects in left.items():
            call = Call("not asked", tuple(subjects), frozenset())
            self._write(replace(self._response(call, 1, clock.now(), None, None), reason=reason), lines)

    def _no_token(self, credential: str) -> Denied:
        name = f"SOCIALMETRICS_{self.platform}_{credential}_TOKEN".upper().replace("__", "_")
        return Denied(f"{self.module.TITLE} has no token {credential!r}. Set {name} and run again.")

    def _make(self, call: Call, lines: GzipFile) -> None:
        """Make a call, or as much of it as the budget allows."""
        problem = self._why_not(call)
        if problem is None:
            whole, fitted = call, self.budget.fitted(call)
            if fitted is None or len(fitted.subjects) < len(whole.subjects):
                self._leave(whole, whole.subjects[len(fitted.subjects) if fitted else 0 :], lines)
            if fitted is None:
                return
            call = fitted
        before = len(self.observations)
        pages: list[tuple[Answer, datetime]] = []
        if problem is None:
            pages, problem = self._ask(call)
        for number, (answer, fetched_at) in enumerate(pages, start=1):
            problem = self._keep(call, number, answer, fetched_at, lines) or problem
        if problem is None:
            self._note_silence(call, self.observations[before:])
            self._complete(call, pages)
            return
        self.problems.append(problem)
        if call.is_discovery:
            self._undiscovered.update(subject.account_id for subject in call.subjects)
        told = {Subject(o.account_id, o.post_id) for o in self.observations[before:]} if pages else set()
        left = tuple(subject for subject in call.subjects if subject not in told)
        if left and (call.observes or not pages):
            silent = replace(call, subjects=left)
            self._write(self._response(silent, len(pages) + 1, clock.now(), None, problem), lines)

    def _leave(self, call: Call, subjects: tuple[Subject, ...], lines: GzipFile) -> None:
        """What the budget does not cover is not asked for, and says when it is due again."""
        if call.is_discovery:
            self._undiscovered.update(subject.account_id for subject in subjects)
        tomorrow = self.measured_on + timedelta(days=1)
        due: dict[date | None, list[Subject]] = {}
        for subject in subjects:
            on = tomorrow if subject.post_id else self._due_again.get(subject.account_id, tomorrow)
            due.setdefault(on, []).append(subject)
        for on, members in due.items():
            when = f"due again on {on}" if on else "not due again"
            problem = Exhausted(
                f"{self.module.TITLE}: the budget does not cover {call.endpoint}; what is left out is {when}. "
                "Raise the budget in the settings, or track fewer accounts."
            )
            self.problems.append(problem)
            if call.observes:
                silent = replace(call, subjects=tuple(members))
                self._write(self._response(silent, 1, clock.now(), None, problem), lines)

    def _why_not(self, call: Call) -> SocialmetricsError | None:
        """What forbids this call before it is made: the platform or its token failed already."""
        stopped = self._stopped.get(None) or self._stopped.get(self.reach.tokens.get(call.credential))
        if stopped:
            return stopped
        if call.credential not in self.reach.tokens:
            return self._no_token(call.credential)
        return None

    def _ask(self, call: Call) -> tuple[list[tuple[Answer, datetime]], SocialmetricsError | None]:
        """All pages of a call, or those that came and what ended it."""
        pages: list[tuple[Answer, datetime]] = []
        retrying = Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=_wait,
            retry=retry_if_exception(lambda error: self._may_pass(error) and self.budget.allows(call)),
            sleep=clock.sleep,
            reraise=True,
        )
        try:
            with self._noted(call):
                retrying(self._attempt, call, pages)
        except SocialmetricsError as problem:
            self._stop_for(call, problem)
            return pages, problem
        self._failed_in_a_row = 0
        return pages, None

    @contextmanager
    def _noted(self, call: Call) -> Iterator[None]:
        """Note what a call may cost before it is made, and what it did cost afterwards."""
        at, before = clock.now(), len(self.calls)
        spending = self.landing.spending(self.platform)
        run_id = self.run_id or f"{clock.stamp(self.started_at)}-check"
        spending.note(run_id, at, call.units, call.dollars)
        try:
            yield
        finally:
            made = self.calls[before:]
            dollars = sum((one.dollars for one in made), Decimal(0))
            spending.note(run_id, at, sum(one.units for one in made) - call.units, dollars - call.dollars)

    def _attempt(self, call: Call, pages: list[tuple[Answer, datetime]]) -> None:
        """Go on after the pages that came already."""
        began = clock.stopwatch()
        try:
            for answer in self.module.fetch(self.client, call, [answer for answer, _ in pages]):
                pages.append((answer, clock.now()))
                self._count(call, len(pages), "ok", answer.units, answer.dollars, began)
                began = clock.stopwatch()
        except Exception as error:
            problem = self.module.explain(error)
            if problem is None:
                raise
            if problem is error and isinstance(problem, Unexpected):
                problem = Unexpected(f"{self.module.TITLE}, {call.endpoint}: {problem}", problem.path)
            if call.credential and isinstance(problem, Denied):
                problem = Denied(f"{problem} It is the token of {call.credential!r}.")
            self._count(call, len(pages) + 1, problem.reason, 1, Decimal(0), began)
            raise problem from None

    def _may_pass(self, error: BaseException) -> bool:
        if isinstance(error, Throttled):
            return _asked_to_wait(error) <= self.patience
        return isinstance(error, Unavailable)

    def _stop_for(self, call: Call, problem: SocialmetricsError) -> None:
        """A refusal, an empty purse or a long wait ends a token's calls; a way that is closed, or silence three times,
        the platform's."""
        self._failed_in_a_row = self._failed_in_a_row + 1 if isinstance(problem, Unavailable) else 0
        is_partial = isinstance(problem, Throttled) and problem.is_partial
        if isinstance(problem, Denied | Exhausted | Throttled) and not is_partial:
            self._stopped[self.reach.tokens.get(call.credential)] = problem
        elif isinstance(problem, Misconfigured) or self._failed_in_a_row >= IN_A_ROW:
            self._stopped[None] = problem

    def _keep(
        self, call: Call, number: int, answer: Answer, fetched_at: datetime, lines: GzipFile
    ) -> Unexpected | None:
        """Land one page; of one that cannot be read only the shape."""
        body = self.withdrawn.body(self.platform, kept(answer.body, call.keep))
        response = self._response(call, number, fetched_at, body, None)
        try:
            self._write(response, lines)
        except Unexpected as problem:
            unread = self._response(call, number, fetched_at, shape(answer.body), problem)
            self._write(unread, lines)
            return Unexpected(
                f"{self.module.TITLE}, {call.endpoint}: {problem} It is kept as a shape; the rest goes on."
            )
        return None

    def _write(self, response: Response, lines: GzipFile) -> None:
        records = platforms.interpret(self.module, response)
        lines.write(response_line(response))
        self.found.responses.append(response)
        self.take(records)

    def _note_silence(self, call: Call, observations: list[Observation]) -> None:
        """Whom an answer refuses, or says nothing usable about, is a problem of the run; the rest goes on."""
        whole = {(o.account_id, o.post_id): o.reason for o in observations if o.metric is None}
        if not whole:
            return
        answered = {(o.account_id, o.post_id) for o in observations if o.value is not None}
        reasons = Counter(reason for subject, reason in whole.items() if subject not in answered)
        for reason, error, what, step in _SILENCE:
            if count := reasons[reason]:
                where = f"{self.module.TITLE}, {call.endpoint}"
                problem = error(f"{where}: {what} for {count} of {len(call.subjects)} asked about. {step}")
                self.problems.append(problem)
                if reason == Reason.DENIED and count == len(call.subjects) > 1:
                    self._stopped[self.reach.tokens.get(call.credential)] = problem

    def _response(
        self, call: Call, number: int, fetched_at: datetime, body: Any, problem: SocialmetricsError | None
    ) -> Response:
        return Response(
            platform=self.platform,
            endpoint=call.endpoint,
            subjects=call.subjects if problem is None or call.observes else (),
            measured_on=self.measured_on,
            fetched_at=fetched_at,
            run_id=self.run_id,
            page=number,
            params=dict(call.params),
            body=body,
            reason=problem.reason if problem else None,
            message=str(problem) if problem else None,
        )

    def _complete(self, call: Call, pages: list[tuple[Answer, datetime]]) -> None:
        """Note the last page, unless the call ended at its bound of pages."""
        if self.calls and not any(answer.is_cut for answer, _ in pages):
            self._last[len(self.calls) - 1] = call

    def _mark_last(self) -> None:
        """Mark the last pages, except where another call for posts of the same accounts failed: they come again."""
        for index, call in self._last.items():
            if not (call.is_discovery and self._undiscovered & {subject.account_id for subject in call.subjects}):
                self.calls[index] = replace(self.calls[index], is_last=True)

    def _count(self, call: Call, page: int, outcome: str, units: int, dollars: Decimal, began: float) -> None:
        self.budget.spend(units, dollars)
        self.calls.append(
            CallMade(
                platform=self.platform,
                endpoint=call.endpoint,
                credential=call.credential,
                asked=tuple(subject.post_id or subject.account_id for subject in call.subjects),
                page=page,
                outcome=str(outcome),
                is_discovery=call.is_discovery,
                is_last=False,
                units=units,
                dollars=dollars,
                latency_ms=round(1000 * clock.since(began)),
                measured_on=self.measured_on,
                called_at=clock.now(),
                run_id=self.run_id,
            )
        )

    def status(self, accounts: list[Account]) -> tuple[str, str | None]:
        """complete, partial or failed, and in words what went wrong most often."""
        answered = {o.account_id for o in self.observations if o.post_id is None and o.value is not None}
        answered |= {subject.account_id for subject in self._seen}
        words = Counter(str(problem) for problem in self.problems).most_common(1)
        message = words[0][0] if words else None
        if accounts and not answered and message:
            return "failed", message
        return ("partial" if self.problems else "complete"), message


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Python's collector walks all records again for every few that are made; all of them live to the end."""
    before = gc.get_threshold()
    gc.set_threshold(COLLECTED_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _wait(state: RetryCallState) -> float:
    """What the platform asks for; 1, 2, 4 ... seconds after silence."""
    error = state.outcome.exception() if state.outcome else None
    return _asked_to_wait(error) if isinstance(error, Throttled) else 2.0 ** (state.attempt_number - 1)


def _asked_to_wait(error: Throttled) -> float:
    return UNSAID_SECONDS if error.retry_after is None else error.retry_after
