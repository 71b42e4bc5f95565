"""The published figures that come with the program: imported, modelled, and their growth between their own dates."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from socialmetrics import demo, example, history, pipeline, warehouse
from socialmetrics.records import Organization
from socialmetrics.settings import Settings


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A warehouse of nothing but the published figures."""
    settings = Settings(home=tmp_path_factory.mktemp("facts"))
    organization, accounts = demo.PUBLISHED
    settings.directory.mkdir()
    for name, text in example.directory_files([Organization("ours", "Ours", True), organization], accounts).items():
        (settings.directory / name).write_text(text, encoding="utf-8")
    for file in ("mayo_clinic.csv", "hospital_directory.csv"):
        pipeline.import_readings(settings, history.FACTS / file)
    pipeline.model(settings)
    pipeline.publish(settings)
    return settings


def test_mayo_clinics_growth_of_four_years_keeps_its_dates_and_its_precision(imported: Settings) -> None:
    """From "more than" 60,000 on 2010-07-27 to 858,932 in October 2014: a factor that is at most 858,932 / 60,000."""
    sql = """
        select measured_on, value, low, high, precision, previous_on, change_since_previous, is_baseline
        from account_metric_days
        where platform = 'x' and account_id = 'MayoClinic' and metric = 'followers'
        order by measured_on
    """
    _, rows = warehouse.query(imported, sql)
    first, last = rows[0], next(row for row in rows if row[0] == date(2014, 10, 1))
    assert first == (date(2010, 7, 27), 60_000, 60_000, None, "more_than", None, None, True)
    assert last[:6] == (date(2014, 10, 1), 858_932, 858_932, 858_932, "exact", date(2013, 8, 12))
    assert last[6] == 858_932 - 567_998
    assert (last[1] - first[1], last[1] / first[1]) == (798_932, pytest.approx(14.3155, abs=1e-4))
    assert len(rows) == 7


def test_growth_is_between_the_known_days_whatever_month_lies_between(imported: Settings) -> None:
    """From "more than" 60,000 on 2010-07-27 to about 530,000 on 2013-04-29: nobody knows how little that may be."""
    sql = """
        select
            previous_on,
            change_since_previous,
            weekly_growth_rate_since_previous,
            weekly_growth_rate_since_previous_low,
            weekly_growth_rate_since_previous_high
        from account_metric_days
        where platform = 'x' and account_id = 'MayoClinic' and metric = 'followers' and measured_on = '2013-04-29'
    """
    _, ((previous_on, change, rate, low, high),) = warehouse.query(imported, sql)
    weeks = (date(2013, 4, 29) - date(2010, 7, 27)).days / 7
    assert (previous_on, change, low) == (date(2010, 7, 27), 530_000 - 60_000, None)
    assert (1 + rate) ** weeks == pytest.approx(530_000 / 60_000)
    assert (1 + high) ** weeks == pytest.approx(534_999 / 60_000)
    sql = "select count(weekly_growth_rate_since_previous) from account_metric_days where date_precision <> 'day'"
    assert warehouse.query(imported, sql)[1] == [(0,)]


def test_the_directorys_totals_and_every_source_are_in_the_record(imported: Settings) -> None:
    _, rows = warehouse.query(imported, "select distinct source from observations order by source")
    assert all(str(source).startswith("http") for (source,) in rows)
    landed = sorted((imported.landing / "readings").glob("imported_on=*/*.parquet"))
    assert len(landed) == 2


def test_a_file_that_is_imported_twice_changes_nothing(imported: Settings) -> None:
    before = sorted(path for path in imported.landing.rglob("*.parquet"))
    assert not pipeline.import_readings(imported, Path(history.FACTS / "mayo_clinic.csv")).was_new
    assert sorted(path for path in imported.landing.rglob("*.parquet")) == before


def test_762_of_5000_hospitals_are_15_percent(imported: Settings) -> None:
    sql = """
        select present, organizations, round(100 * share_rate, 1), organizations_source, source
        from platform_adoption
        where basis = 'imported' and platform = 'all' and metric = 'organizations' and month = '2010-07'
    """
    release = "Mayo Clinic, release on its Center for Social Media, July 2010"
    assert warehouse.query(imported, sql)[1] == [(762, 5000, 15.2, release, release)]


def test_more_than_600_of_some_5000_hospitals_are_at_least_11_percent(imported: Settings) -> None:
    sql = """
        select
            present, present_low, present_high, precision, organizations_low, organizations_high,
            round(100 * share_rate, 1), round(100 * share_rate_low, 1), share_rate_high
        from platform_adoption
        where basis = 'imported' and platform = 'all' and metric = 'organizations' and month = '2010-05'
    """
    assert warehouse.query(imported, sql)[1] == [(600, 600, None, "more_than", 4500, 5499, 12.0, 10.9, None)]


def test_hospitals_on_twitter_doubled_in_166_and_then_in_224_days(imported: Settings) -> None:
    """A total whose day is not known, as that of 2009-09, neither begins nor ends a window."""
    sql = """
        select measured_on, present, round(doubling_days, 2), doubling_from_on
        from platform_adoption
        where platform = 'x' and metric = 'accounts' and measured_on between '2009-04-01' and '2010-02-28'
        order by measured_on
    """
    assert warehouse.query(imported, sql)[1] == [
        (date(2009, 4, 4), 132, 58.68, date(2009, 3, 14)),
        (date(2009, 9, 1), 253, None, None),
        (date(2009, 10, 4), 284, 165.56, date(2009, 4, 4)),
        (date(2010, 2, 15), 430, 223.91, date(2009, 10, 4)),
    ]
