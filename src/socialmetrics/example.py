"""What `init` writes: an example directory to edit and a commented `.env`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from socialmetrics import private
from socialmetrics.records import Account, Initiative, Organization

ORGANIZATIONS = tuple(field.name for field in fields(Organization))
INITIATIVES = tuple(field.name for field in fields(Initiative))
ACCOUNTS = (
    "organization_id",
    "platform",
    "handle",
    "account_id",
    "label",
    "group",
    "opened_on",
    "closed_on",
    "cadence",
    "credential",
)
FILES: dict[str, Sequence[Sequence[str]]] = {
    "organizations.csv": (
        ORGANIZATIONS,
        ("ours", "Our Hospital", "true", "Midwest", "400-999", "nonprofit", "major", "urban"),
        ("mayo-clinic", "Mayo Clinic", "false", "Midwest", "1000+", "nonprofit", "major", "urban"),
    ),
    "accounts.csv": (
        ACCOUNTS,
        ("ours", "youtube", "@ourhospital", "", "YouTube", "main", "", "", "daily", ""),
        ("ours", "x", "ourhospital", "", "X", "main", "", "", "daily", ""),
        ("ours", "facebook", "ourhospital", "", "Facebook", "main", "", "", "daily", ""),
        ("mayo-clinic", "youtube", "@mayoclinic", "", "YouTube", "main", "", "", "weekly", ""),
        ("mayo-clinic", "x", "MayoClinic", "", "X", "main", "", "", "weekly", ""),
        ("mayo-clinic", "facebook", "MayoClinic", "", "Facebook", "main", "", "", "weekly", ""),
    ),
    "initiatives.csv": (INITIATIVES,),
    "notes.csv": (("date", "platform", "post_id", "text", "hide_post"),),
    "owners.csv": (("platform", "name", "mail"),),
}
ENV = """\
# Settings of socialmetrics; docs/access.md says how to get each token. This file holds secrets: keep it to yourself.
SOCIALMETRICS_TIMEZONE={timezone}
# SOCIALMETRICS_FISCAL_YEAR_START=7
# SOCIALMETRICS_YOUTUBE_TOKEN=
# SOCIALMETRICS_X_TOKEN=
# SOCIALMETRICS_X_DOLLARS_PER_DAY=5
# SOCIALMETRICS_X_DOLLARS_PER_MONTH=100
# SOCIALMETRICS_FACEBOOK_TOKEN=
# SOCIALMETRICS_FACEBOOK_APP_SECRET=
# SOCIALMETRICS_FACEBOOK_CHILDRENS_TOKEN=   a named credential: `childrens` in the column credential of accounts.csv

# Who is told of a red day: docs/alerts.md
# SOCIALMETRICS_ALERT_MAIL=
# SOCIALMETRICS_SMTP_URL=
# SOCIALMETRICS_ALERT_WEBHOOK_URL=
# SOCIALMETRICS_HEARTBEAT_URL=

# The way out of a network with a proxy: docs/proxies.md
# HTTPS_PROXY=
# NO_PROXY=
# SOCIALMETRICS_CA_BUNDLE=
"""


def write(home: Path, timezone: str) -> Iterator[tuple[Path, bool]]:
    """Write what is not there yet; yields each path and whether it was written."""
    contents = {home / "directory" / name: as_csv(lines) for name, lines in FILES.items()}
    for path, content in {**contents, home / ".env": ENV.format(timezone=timezone)}.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not path.exists()
        if is_new and path.name == ".env":
            private.write(path, content)
        elif is_new:
            path.write_text(content, encoding="utf-8")
        yield path, is_new


def as_csv(lines: Iterable[Sequence[Any]]) -> str:
    """Lines as a directory file's text."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()


def directory_files(
    organizations: Iterable[Organization], accounts: Iterable[Account], initiatives: Iterable[Initiative] = ()
) -> dict[str, str]:
    """organizations.csv, accounts.csv and initiatives.csv of given records."""
    told = {"account_group": "group"}
    names = {told.get(field.name, field.name): field.name for field in fields(Account)}
    return {
        "organizations.csv": as_csv(
            [ORGANIZATIONS, *([_cell(getattr(o, n)) for n in ORGANIZATIONS] for o in organizations)]
        ),
        "accounts.csv": as_csv([ACCOUNTS, *([_cell(getattr(a, names[n])) for n in ACCOUNTS] for a in accounts)]),
        "initiatives.csv": as_csv([INITIATIVES, *([_cell(getattr(i, n)) for n in INITIATIVES] for i in initiatives)]),
    }


def _cell(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
