"""The directory's newest snapshot is its newest file, also where a person has emptied it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from socialmetrics import landing, warehouse
from socialmetrics.records import Account, Initiative, Note, Organization
from socialmetrics.settings import Settings

from .conftest import settings_of

MONDAY = datetime(2026, 11, 16, 22, tzinfo=UTC)
FULL = {
    "organizations": [Organization("ours", "Ours", True, region="midwest")],
    "accounts": [Account("ours", "x", "ours", "1", cadence="daily", is_own=True)],
    "initiatives": [
        Initiative("flu", "Flu season", "ours", "x", "followers", date(2026, 10, 1), date(2026, 10, 28), Decimal(900)),
        Initiative("voices", "Voices", "ours", None, "engagements", date(2026, 11, 2), None, None),
    ],
    "notes": [
        Note(date(2026, 11, 10), None, None, "The new building opened.", False),
        Note(date(2026, 11, 11), "x", "77", "Posted by mistake.", True),
    ],
}


def published(home: Path, snapshots: list[dict[str, list[object]]]) -> Settings:
    """A warehouse of nothing but the directory, read once a day."""
    settings = settings_of(home)
    landed = landing.Landing(settings.landing)
    landed.prepare()
    for number, files in enumerate(snapshots):
        at = MONDAY + timedelta(days=number)
        for kind, records in files.items():
            landed.write_directory(kind, records, at.date(), f"{at:%Y%m%dT%H%M%SZ}", at)
    warehouse.build(settings)
    warehouse.publish(settings)
    return settings


def rows(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    return warehouse.query(settings, sql)[1]


def test_initiatives_and_notes_stand_as_a_person_wrote_them(tmp_path: Path) -> None:
    settings = published(tmp_path, [{kind: list(records) for kind, records in FULL.items()}])
    assert rows(settings, "select * from initiatives order by initiative_id") == [
        ("flu", "Flu season", "ours", "x", "followers", date(2026, 10, 1), date(2026, 10, 28), 28, Decimal(900)),
        ("voices", "Voices", "ours", None, "engagements", date(2026, 11, 2), None, None, None),
    ]
    assert rows(settings, "select * from notes order by noted_on") == [
        (date(2026, 11, 10), None, None, "The new building opened.", False),
        (date(2026, 11, 11), "x", "77", "Posted by mistake.", True),
    ]


def test_what_was_emptied_is_empty(tmp_path: Path) -> None:
    emptied: dict[str, list[object]] = {"organizations": [], "initiatives": [], "notes": []}
    settings = published(tmp_path, [{kind: list(records) for kind, records in FULL.items()}, emptied])
    for mart in emptied:
        assert rows(settings, f"select * from {mart}") == [], mart
