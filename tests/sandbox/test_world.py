from __future__ import annotations

import math
import re
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from socialmetrics.records import Initiative
from socialmetrics.sandbox import world as worlds
from socialmetrics.sandbox.world import DAY, EVENTS, FOLLOWERS, OWN, POST_SHARES, POSTS, World, WorldAccount, noon

START = datetime(2026, 8, 10, 22, tzinfo=UTC)
END = datetime(2026, 11, 23, 22, tzinfo=UTC)
DAYS = [START + n * DAY for n in range((END - START).days)]


def account_of(world: World, platform: str, organization_id: str, group: str = "main") -> WorldAccount:
    wanted = (platform, organization_id, group)
    return next(a for a in world.accounts if (a.platform, a.organization_id, a.account_group) == wanted)


def metrics_of(account: WorldAccount) -> list[str]:
    return [*account.curves, *filter(None, [POSTS[account.platform]])]


def figures(world: World) -> list[object]:
    return [
        (a.account_id, metric, world.value(a, metric, START), world.exact(a, metric, END))
        for a in world.accounts
        for metric in metrics_of(a)
    ]


def test_the_same_seed_is_the_same_world(world: World) -> None:
    again = World()
    assert figures(again) == figures(world)
    assert again.organizations == world.organizations
    account = again.accounts[1]
    assert again.posts(account, START, END) == world.posts(world.accounts[1], START, END)
    assert figures(World(seed=7)) != figures(world)


def test_the_network_and_its_peers(world: World) -> None:
    own = [(a.platform, a.account_group, a.credential) for a in world.accounts if a.is_own]
    assert own == [
        ("youtube", "main", ""),
        ("x", "main", ""),
        ("x", "childrens", ""),
        ("x", "careers", ""),
        ("facebook", "main", ""),
        ("facebook", "childrens", "childrens"),
    ]
    assert len(world.organizations) == 41
    assert len({o.organization_id for o in world.organizations}) == len({o.name for o in world.organizations}) == 41
    for platform in worlds.PLATFORMS:
        peers = [a for a in world.accounts if a.platform == platform and not a.is_own]
        assert 0.6 <= len(peers) / 40 <= 0.8
    assert len({(a.platform, a.account_id) for a in world.accounts}) == len(world.accounts)
    shapes = {"youtube": r"UC[\w-]{22}", "x": r"\d{5,19}", "facebook": r"\d{15}"}
    handles = {"youtube": r"[a-z0-9]+", "x": r"[A-Za-z0-9_]{1,15}", "facebook": r"[a-z0-9]+"}
    for account in world.accounts:
        assert re.fullmatch(shapes[account.platform], account.account_id)
        assert re.fullmatch(handles[account.platform], account.handle_at(END))
        assert not account.uploads or account.uploads[2:] != account.account_id[2:]
        assert world.account(account.platform, account.account_id) is account
    followers = sorted(world.exact(a, FOLLOWERS[a.platform], END) for a in world.accounts)
    assert followers[0] >= 100
    assert followers[-1] > 200_000


def test_a_thousand_peers_have_names_of_their_own() -> None:
    assert len({o.name for o in World(peers=1000).organizations}) == 1001


@pytest.mark.parametrize("peers", [0, 3, 12])
def test_a_small_world_is_whole(peers: int) -> None:
    small = World(peers=peers)
    assert len(small.organizations) == peers + 1
    assert len(small.accounts) == 6 + 3 * peers


def test_levels_move_nearly_every_day_and_counters_never_fall(world: World) -> None:
    for account in world.accounts:
        for metric in metrics_of(account):
            series = [world.exact(account, metric, day) for day in DAYS if day > account.created_at]
            steps = list(pairwise(series))
            if metric == "viewCount":
                assert all(after >= before for before, after in steps)
            if metric == FOLLOWERS[account.platform] and series[0] > 100_000:
                assert sum(after == before for before, after in steps) <= 3


def test_levels_are_continuous_in_the_instant(world: World) -> None:
    account = account_of(world, "x", OWN)
    for metric in account.curves:
        series = [world.exact(account, metric, START + n * timedelta(minutes=1)) for n in range(3 * 1440)]
        assert max(abs(b - a) for a, b in pairwise(series)) <= 0.0001 * series[0] + 1


def test_a_value_costs_microseconds(world: World) -> None:
    account, instants = world.accounts[1], [START + n * timedelta(minutes=7) for n in range(5000)]
    world.exact(account, "followers_count", START)
    began = time.perf_counter()
    for instant in instants:
        world.exact(account, "followers_count", instant)
    assert (time.perf_counter() - began) / len(instants) < 100e-6


def test_posts_are_found_by_id_and_counted(world: World) -> None:
    for account in world.accounts:
        posts = world.posts(account, START, END)
        assert [p.published_at for p in posts] == sorted({p.published_at for p in posts})
        assert all(START <= p.published_at < END and p.published_at.microsecond == 0 for p in posts)
        assert all(world.post(account.platform, p.post_id) == p for p in posts)
        if account.platform == "x":
            assert [int(p.post_id) for p in posts] == sorted(int(p.post_id) for p in posts)
        if metric := POSTS[account.platform]:
            came = len(posts)
            gone = sum(
                1 for p in world.posts(account, START - 40 * DAY, END) if p.deleted_at and START < p.deleted_at < END
            )
            assert world.exact(account, metric, END) - world.exact(account, metric, START) == came - gone
        listed = [p for p in world.newest_first(account, END) if p.published_at >= START]
        assert listed == [p for p in reversed(posts) if not p.deleted_at or p.deleted_at > END]
    two = world.posts(world.accounts[1], START, START + 7 * DAY) + world.posts(world.accounts[1], START + 7 * DAY, END)
    assert two == world.posts(world.accounts[1], START, END)


@pytest.mark.parametrize("post_id", ["", "x", "1", "-7", "AAAAAAAAAAA", "100_2", "9" * 30, "1_1"])
@pytest.mark.parametrize("platform", worlds.PLATFORMS)
def test_no_post_has_a_made_up_id(world: World, platform: str, post_id: str) -> None:
    assert world.post(platform, post_id) is None


def test_post_counters_only_grow_and_settle(world: World) -> None:
    for account in world.accounts[:12]:
        for post in world.posts(account, START, START + 10 * DAY):
            for metric in POST_SHARES[post.platform]:
                assert world.post_value(post, metric, post.published_at - DAY) is None
                standing = replace(post, deleted_at=None)
                counts = [world.post_value(standing, metric, post.published_at + n * DAY / 4) for n in range(300)]
                known = [count for count in counts if count is not None]
                assert known == sorted(known)
                if len(known) == 300 and metric != "statistics.viewCount":
                    assert known[-1] - known[200] <= 0.001 * known[-1] + 1


def test_titles_hold_nasty_text(world: World) -> None:
    titles = {p.title for a in world.accounts if a.is_own for p in world.posts(a, START, END)}
    assert set(worlds.NASTY) <= titles


def test_statuses(world: World) -> None:
    def seen(platform: str, organization_id: str, day: datetime) -> str:
        account = account_of(world, platform, organization_id)
        status = world.status(account, day)
        assert (world.value(account, FOLLOWERS[platform], day) is None) >= (status != "public")
        return status

    assert [seen("x", "h0001", noon(10, d)) for d in (7, 8, 9)] == ["public", "suspended", "suspended"]
    assert [seen("x", "h0002", noon(*d)) for d in ((8, 17), (8, 18), (8, 27), (10, 26), (11, 9))] == [
        "public",
        "suspended",
        "public",
        "suspended",
        "public",
    ]
    assert [seen("x", "h0003", noon(*d)) for d in ((8, 17), (9, 1), (9, 30))] == ["forbidden", "public", "forbidden"]
    assert [seen("facebook", "h0004", noon(10, d)) for d in (14, 15)] == ["public", "not_found"]
    assert [seen("facebook", "h0005", noon(*d)) for d in ((8, 20), (9, 5))] == ["not_found", "public"]
    assert [seen("youtube", "h0006", noon(9, d)) for d in (24, 25)] == ["public", "not_found"]
    assert [seen("x", "h0012", noon(*d)) for d in ((9, 30), (10, 1))] == ["not_found", "public"]
    assert [seen("youtube", "h0011", noon(8, d)) for d in (18, 19)] == ["not_found", "public"]
    assert world.posts(account_of(world, "x", "h0012"), START, noon(10, 1)) == ()


def test_rounded_and_hidden_subscribers(world: World) -> None:
    account = account_of(world, "youtube", OWN)
    shown, exact = world.value(account, "subscriberCount", START), world.exact(account, "subscriberCount", START)
    assert shown is not None
    assert shown % 100 == 0
    assert shown <= exact < shown + 100
    assert [worlds.three_figures_down(n) for n in (0, 999, 1000, 1009, 1987654)] == [0, 999, 1000, 1000, 1980000]
    for organization_id, hidden, told in (("h0002", START, None), ("h0003", noon(10, 5), noon(10, 4))):
        peer = account_of(world, "youtube", organization_id)
        assert world.value(peer, "subscriberCount", hidden) is None
        assert world.value(peer, "viewCount", hidden) is not None
        assert told is None or world.value(peer, "subscriberCount", told) is not None


def test_some_videos_hide_likes_and_comments(world: World) -> None:
    videos = [p for a in world.accounts if a.platform == "youtube" for p in world.posts(a, START, END)]
    for metric in ("statistics.likeCount", "statistics.commentCount"):
        hidden = [
            p for p in videos if world.post_status(p, END) == "public" and world.post_value(p, metric, END) is None
        ]
        assert 0 < len(hidden) < 0.2 * len(videos)


def test_renamed_handles_stop_resolving(world: World) -> None:
    account = account_of(world, "x", OWN, "careers")
    assert world.by_handle("x", "@lakesidejobs", noon(9, 27)) is account
    assert world.by_handle("x", "LakesideJobs", noon(9, 28)) is None
    assert world.by_handle("x", "lakesidecareers", noon(9, 27)) is None
    assert world.by_handle("x", "LakesideCareers", noon(9, 28)) is account
    assert world.by_handle("x", "nobody", END) is None


def test_false_zeros_last_a_day_and_touch_one_metric(world: World) -> None:
    for event in (e for e in world.events if e.kind == "false_zero"):
        account = account_of(world, event.platform, event.organization_id, event.account_group)
        day = event.starts_at.replace(hour=22)
        if not account.is_own:
            assert day.isoweekday() == worlds.weekday(account.account_id)
        around = [world.value(account, event.metric, day + n * DAY) for n in (-1, 0, 1)]
        assert around[1] == 0
        assert around[0] is not None
        assert around[2] is not None
        assert abs(around[2] - around[0]) < 0.02 * around[0]
        assert min(around[0], around[2]) >= 10
        others = [metric for metric in account.curves if metric != event.metric]
        assert all(world.value(account, metric, day) for metric in others)


@pytest.mark.parametrize(("organization_id", "day"), [("h0008", noon(10, 21)), ("h0011", noon(8, 26))])
def test_a_purge_is_a_real_fall_and_stays(world: World, organization_id: str, day: datetime) -> None:
    account = account_of(world, "x", organization_id)
    before, after, later = (world.exact(account, "followers_count", day.replace(hour=22) + n * DAY) for n in (-1, 0, 7))
    assert after / before == pytest.approx(0.92, abs=0.003)
    assert later / after < 1.02


def test_views_are_redefined_on_one_day(world: World) -> None:
    account = account_of(world, "youtube", OWN)
    days = [datetime(2026, 8, d, 22, tzinfo=UTC) for d in (21, 22, 23, 24, 25)]
    views = [world.exact(account, "viewCount", day) for day in days]
    daily = [after - before for before, after in pairwise(views)]
    assert daily[2] > 20 * max(daily[0], daily[1], daily[3])
    chicago = datetime(2026, 8, 24, 3, tzinfo=UTC)  # 22:00 of the 23rd there
    assert world.exact(account, "viewCount", chicago) - views[2] < daily[0]


def test_media_is_retired_for_some(world: World) -> None:
    account = account_of(world, "x", OWN, "careers")
    assert world.value(account, "media_count", noon(10, 4))
    assert world.value(account, "media_count", noon(10, 5)) is None
    assert world.value(account_of(world, "x", OWN), "media_count", END)


def test_crowds_gather_on_known_posts(world: World) -> None:
    def of(platform: str, kind: str, day: date) -> worlds.WorldPost:
        start = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)
        posts = world.posts(account_of(world, platform, OWN), start, start + DAY)
        return next(p for p in posts if p.event == kind)

    viral = of("x", "viral", date(2026, 11, 17))
    account = account_of(world, "x", OWN)
    others = [p for p in world.posts(account, START, END) if p is not viral and not p.event]
    at = END

    def likes(post: worlds.WorldPost) -> int:
        return world.post_value(replace(post, deleted_at=None), "public_metrics.like_count", at) or 0

    assert likes(viral) > 2 * max(likes(p) for p in others)
    pile_on = of("facebook", "pile_on", date(2026, 10, 20))
    comments, reactions = (
        world.post_value(pile_on, metric, END)
        for metric in ("comments.summary.total_count", "reactions.summary.total_count")
    )
    assert comments is not None
    assert reactions is not None
    assert comments > 3 * reactions
    deleted = of("x", "deleted", date(2026, 10, 6))
    assert deleted.deleted_at == deleted.published_at + worlds.DELETED_AFTER
    assert world.post_status(deleted, deleted.deleted_at) == "not_found"


def test_the_last_week_is_a_good_one_for_x(world: World) -> None:
    account = account_of(world, "x", OWN)
    sundays = [datetime(2026, 11, 22, 22, tzinfo=UTC) - n * 7 * DAY for n in range(11)]
    levels = [world.exact(account, "followers_count", day) for day in sundays]
    gains = [after - before for after, before in pairwise(levels)]
    assert gains[0] > 2 * max(gains[1:])


def test_an_initiative_adds_what_it_says(world: World) -> None:
    without = World(effects={})
    each = world.initiatives[0]
    length = ((each.ended_on or date.max) - each.started_on).days + 1
    own, bare = account_of(world, "x", OWN), account_of(without, "x", OWN)
    for day, days in ((each.started_on, 0), (each.started_on + 10 * DAY, 10), (date(2026, 11, 20), length)):
        instant = datetime(day.year, day.month, day.day, tzinfo=UTC)
        ratio = world.exact(own, "followers_count", instant) / without.exact(bare, "followers_count", instant)
        assert math.log(ratio) == pytest.approx(days * world.effects[each.initiative_id], abs=2e-5)
    peer = account_of(world, "x", "h0007")
    other = account_of(without, "x", "h0007")
    assert world.exact(peer, "followers_count", END) == without.exact(other, "followers_count", END)


def test_an_initiative_about_engagements_lifts_what_is_published_within(world: World) -> None:
    each = Initiative("talk", "Talk", OWN, "x", "engagements", date(2026, 10, 1), date(2026, 10, 7))
    talking = World(effects={"talk": 0.5}, initiatives=(each,))
    silent = World(effects={}, initiatives=(each,))
    start, later = datetime(2026, 9, 20, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)
    ratios: dict[bool, list[float]] = {True: [], False: []}
    for post in talking.posts(account_of(talking, "x", OWN), start, datetime(2026, 10, 20, tzinfo=UTC)):
        same = silent.post("x", post.post_id)
        assert same
        of, to = (
            w.post_value(p, "public_metrics.impression_count", later) for w, p in ((silent, same), (talking, post))
        )
        if of and to:
            ratios[each.started_on <= post.published_at.date() <= date(2026, 10, 7)].append(to / of)
    assert ratios[True] == pytest.approx([math.exp(0.5)] * len(ratios[True]), rel=0.01)
    assert ratios[False] == [1.0] * len(ratios[False])
    assert all(ratios.values())


def test_an_initiative_about_posts_multiplies_those_of_its_days() -> None:
    first, last = date(2026, 9, 1), date(2026, 10, 31)
    each = Initiative("talk", "Talk", OWN, "x", "posts_published", first, last)
    within, outside = [], []
    for effect in (0.0, math.log(2)):
        world = World(effects={"talk": effect}, initiatives=(each,))
        posts = world.posts(account_of(world, "x", OWN), START, datetime(2026, 12, 31, tzinfo=UTC))
        days = [(post.published_at - timedelta(hours=10)).date() for post in posts]
        within.append(sum(first <= day <= last for day in days))
        outside.append([day for day in days if not first <= day <= last])
    assert within[1] / within[0] == pytest.approx(2, rel=0.05)
    assert outside[0] == outside[1]


def test_a_world_may_be_without_events() -> None:
    quiet = World(events=())
    assert quiet.events == ()
    assert {quiet.status(account, END) for account in quiet.accounts} == {"public"}


def test_every_event_has_its_account(world: World) -> None:
    assert len(world.events) == len(EVENTS)


def test_the_directory(world: World) -> None:
    directory = world.directory(END)
    assert len(directory) == len(world.accounts)
    for entry in directory:
        assert entry.cadence == ("daily" if entry.is_own else "weekly")
        assert (entry.weekday is None) == entry.is_own
        assert entry.account_id
    assert {entry.handle for entry in world.directory(noon(9, 27))} - {e.handle for e in directory}
