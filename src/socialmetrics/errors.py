"""What can go wrong, named by what to do about it.

Every message is one sentence or two: what happened, where, and the next step. None holds a secret.

    SocialmetricsError
      Throttled       the platform asks to wait `retry_after` seconds, then ask again
      Unavailable     no usable answer this time; ask again soon
      Exhausted       the quota or the credit is spent until `resets_at`; the platform is done for today
      Denied          the platform refuses our token; a person must act
      Unexpected      an answer of a shape we do not know; `path` says where
      Misconfigured   the directory, a setting or a command is wrong; a person must act
      TooLate         the day asked for can no longer be observed
      BuildFailed     the SQL models or their tests failed; the published file stays as it was
      Locked          another process holds the warehouse's working file
"""

from __future__ import annotations

from datetime import datetime

from socialmetrics.records import Reason


class SocialmetricsError(Exception):
    """The root; `reason` is what the day's rows say where this error left them without a value."""

    reason: Reason = Reason.UNAVAILABLE


class Throttled(SocialmetricsError):
    """`retry_after`: seconds to wait, None where the platform does not say; `is_partial`: other calls need not wait."""

    def __init__(self, message: str, retry_after: float | None = None, is_partial: bool = False) -> None:
        super().__init__(message)
        self.retry_after, self.is_partial = retry_after, is_partial


class Unavailable(SocialmetricsError):
    pass


class Exhausted(SocialmetricsError):
    """`resets_at`: the instant (UTC) from which calls are answered again, None where the platform does not say."""

    reason = Reason.NOT_COLLECTED

    def __init__(self, message: str, resets_at: datetime | None = None) -> None:
        super().__init__(message)
        self.resets_at = resets_at


class Denied(SocialmetricsError):
    reason = Reason.DENIED


class Unexpected(SocialmetricsError):
    """`path`: the JSON path of what was not understood."""

    reason = Reason.UNREADABLE

    def __init__(self, message: str, path: str = "$") -> None:
        super().__init__(message)
        self.path = path


class Misconfigured(SocialmetricsError):
    pass


class TooLate(SocialmetricsError):
    reason = Reason.NOT_COLLECTED


class BuildFailed(SocialmetricsError):
    pass


class Locked(SocialmetricsError):
    pass
