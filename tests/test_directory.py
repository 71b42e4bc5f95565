"""The directory: read as a spreadsheet saves it, every fault told at once, ids filled in with all else as it was."""

from __future__ import annotations

import stat
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socialmetrics import directory, example, platforms
from socialmetrics.directory import weekday_of
from socialmetrics.errors import Misconfigured

ORGANIZATIONS = "organization_id,name,is_own\nours,Ours,true\npeer,Peer,false\n"
ACCOUNTS = "organization_id,platform,handle\nours,x,ours\npeer,x,peer\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "directory"
    folder.mkdir()
    (folder / "organizations.csv").write_text(ORGANIZATIONS)
    (folder / "accounts.csv").write_text(ACCOUNTS)
    return folder


def read(folder: Path) -> directory.Directory:
    return directory.read(folder, platforms.NAMES)


def faults(folder: Path) -> list[str]:
    with pytest.raises(Misconfigured) as caught:
        read(folder)
    first, *told = str(caught.value).splitlines()
    assert "nothing was pulled" in first
    assert f"{len(told)} fault" in first
    return [line.strip() for line in told]


def test_defaults(folder: Path) -> None:
    people = read(folder)
    ours, peer = people.accounts
    assert (ours.is_own, ours.cadence, ours.weekday, ours.credential) == (True, "daily", None, "")
    assert (peer.is_own, peer.cadence, peer.weekday) == (False, "weekly", weekday_of("peer"))
    assert people.initiatives == people.notes == people.owners == ()
    assert people.due("x", date(2026, 9, 14)) == []  # none has its id yet
    assert [a.handle for a in people.unresolved("x")] == ["ours", "peer"]


def test_the_example_is_without_fault(tmp_path: Path) -> None:
    dict(example.write(tmp_path, "UTC"))
    assert len(read(tmp_path / "directory").accounts) == 6


def test_every_fault_is_told_at_once_with_file_line_column_and_value(folder: Path) -> None:
    (folder / "organizations.csv").write_text(
        "organization_id,name,is_own\nours,Ours,yes please\n,No id,false\nours,Again,false\nbad id!,Bad,false\n"
    )
    (folder / "accounts.csv").write_text(
        "organization_id,platform,handle,account_id,opened_on,closed_on,cadence,credential\n"
        "ours,x,one,1,2026-13-01,,,\n"
        "ours,myspace,two,2,,,,\n"
        "nobody,x,three,3,2026-01-02,2026-01-01,,\n"
        "ours,x,@ONE,4,,,hourly,\n"
        "ours,x,five,5,,,,st-mary's\n"
        "ours,x,,6,,,,\n"
        "ours,x,seven,1.98E+18,20260101,,,\n"
        "ours,x,eight,3,,,,,,surplus\n"
        "ours,youtube,nine,9,01/02/2026,,,\n"
        "ours,youtube,ten,9,,,,\n"
    )
    (folder / "initiatives.csv").write_text(
        "initiative_id,name,organization_id,platform,metric,started_on,ended_on,cost_usd\n"
        "a,A,ours,x,followers,2026-01-01,,a lot\n"
        "a,A,gone,bebo,followers,2026-01-01,,1.005\n"
        "b,B,ours,x,followers,2026-01-01,,-1\n"
        "c,C,ours,x,followers,2026-01-02,2026-01-01,\n"
    )
    (folder / "notes.csv").write_text(
        "date,platform,post_id,text,hide_post\n2026-01-01,,,,\n1609459200,,,hello,maybe\n"
    )
    (folder / "owners.csv").write_text("platform,name\nx,Somebody\n")
    told = faults(folder)
    for file, line, column, value in [
        ("organizations.csv", 2, "is_own", "'yes please'"),
        ("organizations.csv", 3, "organization_id", "''"),
        ("organizations.csv", 5, "organization_id", "'bad id!'"),
        ("accounts.csv", 2, "opened_on", "'2026-13-01'"),
        ("accounts.csv", 3, "platform", "'myspace'"),
        ("accounts.csv", 4, "organization_id", "'nobody'"),
        ("accounts.csv", 4, "closed_on", "'2026-01-01'"),
        ("accounts.csv", 5, "cadence", "'hourly'"),
        ("accounts.csv", 6, "credential", '"st-mary\'s"'),
        ("accounts.csv", 7, "handle", "''"),
        ("accounts.csv", 8, "account_id", "'1.98E+18'"),
        ("accounts.csv", 8, "opened_on", "'20260101'"),
        ("accounts.csv", 10, "opened_on", "'01/02/2026'"),
        ("initiatives.csv", 2, "cost_usd", "'a lot'"),
        ("initiatives.csv", 3, "cost_usd", "'1.005'"),
        ("initiatives.csv", 4, "cost_usd", "'-1'"),
        ("initiatives.csv", 5, "ended_on", "'2026-01-01'"),
        ("notes.csv", 2, "text", "''"),
        ("notes.csv", 3, "date", "'1609459200'"),
        ("notes.csv", 3, "hide_post", "'maybe'"),
    ]:
        start = f"{file} line {line}, {column} {value}: "
        matching = [each for each in told if each.startswith(start)]
        assert len(matching) == 1, f"{start!r} is not in {told}"
        assert len(matching[0]) > len(start)
    assert any(each.startswith("accounts.csv line 9: has 10 cells for 8 columns") for each in told)
    assert any(each.startswith("owners.csv line 1: column mail is missing") for each in told)
    assert not any("line 1," in each for each in told)


@pytest.mark.parametrize("mail", ["Ann", "ann@", "Ann <ann@example.org>", "ann@example.org;bea@example.org"])
def test_an_owner_without_a_mail_address_is_a_fault(folder: Path, mail: str) -> None:
    (folder / "owners.csv").write_text(f'platform,name,mail\nx,Ann,"{mail}"\n')
    (told,) = faults(folder)
    assert told.startswith(f"owners.csv line 2, mail {mail!r}: ")
    assert "is no mail address" in told


@pytest.mark.parametrize(
    ("accounts", "column"),
    [
        ("ours,x,one,1\nours,x,@One,2\n", "handle 'x one'"),
        ("ours,x,one,1\npeer,x,two,1\n", "account_id 'x 1'"),
    ],
)
def test_a_duplicate_names_the_first_line(folder: Path, accounts: str, column: str) -> None:
    (folder / "accounts.csv").write_text("organization_id,platform,handle,account_id\n" + accounts)
    assert faults(folder) == [f"accounts.csv line 3, {column}: stands on line 2 already; keep one"]


def test_the_same_handle_on_two_platforms_is_no_duplicate(folder: Path) -> None:
    (folder / "accounts.csv").write_text(ACCOUNTS + "ours,youtube,ours\n")
    assert len(read(folder).accounts) == 3


def test_missing_files(folder: Path) -> None:
    (folder / "accounts.csv").unlink()
    assert faults(folder) == ["accounts.csv: is missing; `socialmetrics init` writes an example to edit"]
    (folder / "organizations.csv").unlink()
    assert len(faults(folder)) == 2
    assert len(faults(folder.parent / "nowhere")) == 2


def test_somebody_is_ours(folder: Path) -> None:
    (folder / "organizations.csv").write_text(ORGANIZATIONS.replace("true", "false"))
    assert faults(folder) == ["organizations.csv: no organization is marked is_own; mark yours with true"]


@pytest.mark.parametrize("content", [b"\xff\xfeo\x00r\x00", b"\xe4\xf6\xfc", b"", b"\n\n", b"a,b\n1,2\n"])
def test_what_is_no_such_file_is_told_in_a_line(folder: Path, content: bytes) -> None:
    (folder / "accounts.csv").write_bytes(content)
    [told] = faults(folder)
    assert told.startswith("accounts.csv")


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_is_read_and_filled_in_as_a_spreadsheet_saves_it(
    folder: Path, bom: bytes, delimiter: str, ending: str, quote: str
) -> None:
    def line(*cells: str) -> str:
        return delimiter.join(f"{quote}{cell}{quote}" if cell else "" for cell in cells) + ending

    label = '"A, B; ""C"""'
    text = line("organization_id", "platform", "handle", "account_id", "label")
    text += line("ours", "x", "@ours", "", "") + line("peer", "x", "peer", "7", "kept")
    text += ending + delimiter.join(["ours", "youtube", " spaced ", "", label]) + ending
    (folder / "accounts.csv").write_bytes(bom + text.encode())
    (folder / "accounts.csv").chmod(0o640)
    accounts = read(folder).accounts
    assert [(a.handle, a.account_id, a.label) for a in accounts] == [
        ("@ours", None, None),
        ("peer", "7", "kept"),
        ("spaced", None, 'A, B; "C"'),
    ]
    found = {("x", "@ours"): "5", ("x", "peer"): "8", ("youtube", "spaced"): "UC9", ("x", "nobody"): "1"}
    assert directory.fill_in(folder, found) == 2
    raw = (folder / "accounts.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") == bool(bom)
    assert (b"\r\n" in raw) == (ending == "\r\n")
    assert raw.count(delimiter.encode()) == text.count(delimiter)
    assert [(a.handle, a.account_id) for a in read(folder).accounts] == [
        ("@ours", "5"),
        ("peer", "7"),
        ("spaced", "UC9"),
    ]
    assert [a.label for a in read(folder).accounts] == [a.label for a in accounts]
    assert stat.S_IMODE((folder / "accounts.csv").stat().st_mode) == 0o640
    assert directory.fill_in(folder, found) == 0
    assert (folder / "accounts.csv").read_bytes() == raw
    assert [path.name for path in folder.iterdir() if "new" in path.name] == []


def test_fill_in_adds_the_column_where_it_is_missing(folder: Path) -> None:
    assert directory.fill_in(folder, {("x", "ours"): "5"}) == 1
    assert (folder / "accounts.csv").read_text() == (
        "organization_id,platform,handle,account_id\nours,x,ours,5\npeer,x,peer,\n"
    )


def test_all_columns_are_read(folder: Path) -> None:
    (folder / "organizations.csv").write_text(
        "name;organization_id;is_own;region;bed_size;ownership;teaching;setting;comment\nOurs;ours;TRUE;midwest;;;;;mine\n"
    )
    (folder / "accounts.csv").write_text(
        "organization_id,platform,handle,account_id,label,group,opened_on,closed_on,cadence,credential\n"
        "ours,x,a,1,L,careers,2026-01-01,2026-12-31,weekly,Childrens\nours,x,b,2,,,,,never,\n"
    )
    (folder / "initiatives.csv").write_text(
        "initiative_id,name,organization_id,platform,metric,started_on,ended_on,cost_usd\n"
        "i,I,ours,,followers,2026-01-01,2026-02-01,1250.50\n"
    )
    (folder / "notes.csv").write_text('date,platform,post_id,text,hide_post\n2026-01-01,x,9,"=1, 2",x\n')
    (folder / "owners.csv").write_text("platform,name,mail\nx,Ann,ann@example.org\nx,Bea,bea@example.org\n")
    people = read(folder)
    account = people.accounts[0]
    assert (account.account_group, account.opened_on, account.closed_on) == (
        "careers",
        date(2026, 1, 1),
        date(2026, 12, 31),
    )
    assert (account.cadence, account.credential, account.weekday) == ("weekly", "childrens", weekday_of("1"))
    assert people.initiatives[0].cost_usd == Decimal("1250.50")
    assert people.initiatives[0].platform is None
    assert (people.notes[0].text, people.notes[0].hide_post) == ("=1, 2", True)
    assert people.owners[0]["mail"] == "ann@example.org"
    assert people.mails_of_owners() == {"x": ["ann@example.org", "bea@example.org"]}
    day = next(date(2026, 5, n) for n in range(1, 8) if date(2026, 5, n).isoweekday() == account.weekday)
    assert people.due("x", day) == [account]
    assert people.due("x", day.replace(day=day.day + 7)) == [account]
    for other in (day.replace(day=day.day + 1), date(2027, 1, day.day), date(2025, 5, 1)):
        assert people.due("x", other) == [] or (other.isoweekday() == account.weekday and other.year == 2026)


def test_own_accounts_come_first(folder: Path) -> None:
    (folder / "accounts.csv").write_text(
        "organization_id,platform,handle,account_id,cadence\npeer,x,p,1,daily\nours,x,o,2,\npeer,x,q,3,daily\n"
    )
    assert [a.handle for a in read(folder).due("x", date(2026, 9, 14))] == ["o", "p", "q"]


def test_weekly_accounts_are_spread_evenly_over_the_week() -> None:
    days = [weekday_of(str(n)) for n in range(10_000)]
    assert set(days) == set(range(1, 8))
    assert all(1_250 < days.count(day) < 1_600 for day in range(1, 8))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.binary(max_size=200) | st.text(max_size=200).map(lambda text: ACCOUNTS.encode() + text.encode(errors="replace"))
)
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("directory")
    (folder / "organizations.csv").write_text(ORGANIZATIONS)
    (folder / "accounts.csv").write_bytes(content)
    try:
        assert read(folder).organizations
    except Misconfigured as refusal:
        assert "accounts.csv" in str(refusal)  # noqa: PT017
