"""Small faults to seed in the SQL, each of a kind that a person could write and nobody would see."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """A fault: in `file`, the one place that says `search` says `instead`.

    `in_parts`: it shows only where a build goes on from an earlier one.
    """

    file: str
    search: str
    instead: str
    in_parts: bool = False


VALUES, PERIODS = "models/intermediate/int_account_values.sql", "macros/account_periods.sql"
DAYS, POST_DAYS = "models/marts/account_metric_days.sql", "models/marts/post_days.sql"
POST_VALUES, JUDGED = "models/intermediate/int_post_values.sql", "models/marts/account_weeks.sql"
AGES, PERFORMANCE = "models/intermediate/int_post_ages.sql", "models/marts/post_performance.sql"
OBSERVATIONS, WIDE = "models/marts/observations.sql", "models/marts/account_days.sql"
DIRECTORY = "models/intermediate/int_directory.sql"
ANOMALIES, TREND, CALENDAR = "macros/anomalies.sql", "macros/trend.sql", "macros/calendar.sql"
ORGANIZATIONS = "macros/organization_periods.sql"
USUAL, INTERVALS, NAMES = "macros/usual_range.sql", "macros/intervals.sql", "macros/names.sql"
PEERS, ADOPTION = "models/marts/peer_weeks.sql", "models/marts/platform_adoption.sql"
MEMBERS, LOOKS = "models/intermediate/int_organizations.sql", "models/intermediate/int_looks.sql"
TOUCHED, LOADS = "models/intermediate/touched_days.sql", "macros/loads.sql"
COUNTED, COVERAGE = "models/intermediate/int_coverage.sql", "models/marts/coverage_days.sql"
PENDING, LINES = "models/intermediate/int_pending_weeks.sql", "models/intermediate/int_directory_lines.sql"
PATTERNS, SIGHTINGS = "models/marts/post_patterns.sql", "models/intermediate/int_sightings.sql"
ENGAGEMENT, SCORECARD = "models/marts/engagement_weeks.sql", "models/marts/weekly_scorecard.sql"

QUICK = {
    "the_base_a_day_off": Mutation(
        DAYS,
        "days_before('of_the_days.usable_on', window)",
        "days_before('of_the_days.usable_on', 6 if window == 7 else window)",
    ),
    "zero_for_nothing": Mutation(
        VALUES, "null as value,\n        'not_collected'", "0 as value,\n        'not_collected'"
    ),
    "a_break_ignored": Mutation(DAYS, "of_the_days.break_on <= base_{{ window }}.measured_on", "true"),
    "usual_includes_the_week": Mutation(
        USUAL, "comparable_before > earlier.comparable_before", "comparable_before >= earlier.comparable_before"
    ),
}
MUTATIONS = QUICK | {
    # who is due
    "due_on_the_day_it_closed": Mutation(
        VALUES, "days.measured_on < coalesce(directory.closed_on", "days.measured_on <= coalesce(directory.closed_on"
    ),
    "not_due_on_the_day_it_opened": Mutation(
        VALUES,
        "days.measured_on >= coalesce(directory.opened_on, days.measured_on)",
        "days.measured_on > coalesce(directory.opened_on, date '0001-01-01')",
    ),
    "never_is_due": Mutation(VALUES, "and directory.cadence <> 'never'", ""),
    "weekly_is_daily": Mutation(
        VALUES, "and coalesce(directory.weekday = {{ weekday('days.measured_on') }}, true)", ""
    ),
    "due_without_a_token": Mutation(VALUES, "and days.is_set_up\n", "\n"),
    "the_first_directory_for_ever": Mutation(
        VALUES, "and days.measured_on < coalesce(directory.replaced_on, date '9999-12-31')", ""
    ),
    "the_day_s_first_directory": Mutation(DIRECTORY, "landed_at desc, run_id desc", "landed_at asc, run_id desc"),
    "the_day_s_first_run_says_so": Mutation(
        "models/intermediate/int_platform_days.sql", "started_at desc", "started_at asc"
    ),
    # what counts
    "the_earliest_counts": Mutation(NAMES, "{{ of }}fetched_at desc", "{{ of }}fetched_at asc"),
    "a_reason_beats_a_value": Mutation(NAMES, "value is null then 1 else 0", "value is null then 0 else 1"),
    "a_later_reading_wins": Mutation(NAMES, "    {{ of }}is_imported asc,\n", ""),
    # what owners know
    "a_page_s_figure_is_an_owner_s": Mutation(
        VALUES, "case when directory.is_own then exactly", "case when true then exactly"
    ),
    "rounded_figures_are_exact": Mutation(VALUES, "        and precision = 'exact'\n", ""),
    "a_month_s_figure_is_a_day_s": Mutation(VALUES, "        and date_precision = 'day'\n", ""),
    "the_lowest_exact_figure_is_the_owner_s": Mutation(
        VALUES,
        "        value\n\n    from {{ ref('int_observations') }}\n    where\n        is_imported",
        "        min(value) over (partition by account_key, metric, measured_on) as value\n\n"
        "    from {{ ref('int_observations') }}\n    where\n        is_imported",
    ),
    # false zeros
    "an_anomaly_a_day_shorter": Mutation(
        ANOMALIES, "day_number - begins <= {{ four_weeks }}", "day_number - begins < {{ four_weeks }}"
    ),
    "an_anomaly_from_eleven": Mutation(
        ANOMALIES, "or (crowd >= {{ var('anomaly_floor') }}", "or (crowd > {{ var('anomaly_floor') }}"
    ),
    "an_anomaly_after_anything": Mutation(
        ANOMALIES,
        "or (crowd >= {{ var('anomaly_floor') }}",
        "or (coalesce(most_before, 0) >= {{ var('anomaly_floor') }}",
    ),
    "a_page_s_zero_is_false": Mutation(ANOMALIES, "value = 0\n        and not is_imported\n", "value = 0\n"),
    "what_stays_is_false": Mutation(ANOMALIES, "and stays = 0 and", "and"),
    "it_stays_a_day_sooner": Mutation(ANOMALIES, "between {{ four_weeks + 1 }}", "between {{ four_weeks }}"),
    "more_than_half_must_come_back": Mutation(ANOMALIES, "and most_back >= case", "and most_back > case"),
    "a_third_may_come_back": Mutation(ANOMALIES, "then crowd / 2", "then crowd / 3"),
    "nine_are_a_crowd_that_comes_back": Mutation(
        ANOMALIES, "when crowd >= {{ var('anomaly_floor') }} then", "when crowd >= 9 then"
    ),
    "a_page_brings_it_back": Mutation(
        ANOMALIES,
        "max(case when not is_imported then value end) over eight_weeks_after",
        "max(value) over eight_weeks_after",
    ),
    "it_comes_back_a_day_later": Mutation(
        ANOMALIES, "between 1 following and {{ eight_weeks }}", "between 1 following and {{ eight_weeks + 1 }}"
    ),
    "a_hundred_arrive_after_anything": Mutation(ANOMALIES, "and most_before = 0", "and most_before < 500"),
    "more_than_a_hundred_must_arrive": Mutation(
        ANOMALIES, "and value >= {{ var('anomaly_size') }}", "and value > {{ var('anomaly_size') }}"
    ),
    "they_arrive_a_day_later": Mutation(
        ANOMALIES, "day_number - told_since <= {{ four_weeks }}", "day_number - told_since <= {{ four_weeks + 1 }}"
    ),
    "a_page_brings_them": Mutation(ANOMALIES, "not is_imported\n        and value >=", "true\n        and value >="),
    "late_on_the_dot": Mutation(VALUES, "found.fetched_at > {{ hours_after", "found.fetched_at >= {{ hours_after"),
    # figures that stand apart
    "neighbours_a_day_nearer": Mutation(
        ANOMALIES, "between judged.day_number - {{ reach }}", "between judged.day_number - {{ reach - 1 }}"
    ),
    "a_surge_is_a_slip": Mutation(
        ANOMALIES, "bool_or(neighbour_on > measured_on and abs(neighbour_size - center) <= farthest)", "true"
    ),
    "seven_neighbours": Mutation(
        ANOMALIES, "count(*) >= {{ var('anomaly_neighbours') }}", "count(*) > {{ var('anomaly_neighbours') }}"
    ),
    "the_other_side_of_a_break_is_near": Mutation(
        ANOMALIES, "and judged.means_since_on = neighbours.means_since_on\n", "\n"
    ),
    "large_by_itself_alone": Mutation(ANOMALIES, "greatest(size, center) >= ln", "size >= ln"),
    "a_page_is_a_neighbour": Mutation(
        ANOMALIES, "and not is_imported\n        and value is not null", "and value is not null"
    ),
    # intervals
    "rounding_one_too_wide": Mutation(INTERVALS, "- 3) as bigint) - 1", "- 3) as bigint)"),
    "open_ends_swapped": Mutation(INTERVALS, "= 'nearly' then null", "= 'more_than' then null"),
    "half_a_unit_too_far": Mutation(INTERVALS, "half_a_unit(value) }} - 1", "half_a_unit(value) }}"),
    # days compared
    "low_less_low": Mutation(DAYS, "low - previous_high end", "low - previous_low end"),
    "ends_swapped": Mutation(DAYS, "high - base_{{ window }}_low as", "high - base_{{ window }}_high as"),
    "lag_by_row": Mutation(
        DAYS,
        "days_before('of_the_days.usable_on', window) }} = base",
        "days_before('of_the_days.usable_on', window) if window > 1 else 'previous.previous_on' }} = base",
    ),
    "the_break_s_own_day": Mutation(
        DAYS,
        "of_the_days.break_on <= base_{{ window }}.measured_on",
        "of_the_days.break_on < base_{{ window }}.measured_on",
    ),
    "no_break_since_previous": Mutation(
        DAYS, "of_the_days.break_on > previous.previous_on", "of_the_days.break_on >= of_the_days.measured_on"
    ),
    "from_a_late_day": Mutation(DAYS, "and not base_{{ window }}.is_late", ""),
    "to_a_late_day": Mutation(DAYS, "and not of_the_days.is_late", ""),
    "a_rate_from_a_late_day": Mutation(DAYS, "of_the_days.is_late or previous.previous_is_late", "of_the_days.is_late"),
    "a_rate_to_a_late_day": Mutation(
        DAYS, "of_the_days.is_late or previous.previous_is_late", "previous.previous_is_late"
    ),
    "two_days_from_a_late_day": Mutation(DAYS, "when days_since_previous = 1 and", "when days_since_previous <= 2 and"),
    "a_baseline_is_a_gain": Mutation(DAYS, "value - previous_value end", "value - coalesce(previous_value, 0) end"),
    "six_days_a_week": Mutation(DAYS, "7 / days_since_previous", "6 / days_since_previous"),
    "percent": Mutation(
        DAYS, "then value / base_{{ window }}_value - 1 end", "then 100 * (value / base_{{ window }}_value - 1) end"
    ),
    "to_an_unknown_day": Mutation(DAYS, "        and of_the_days.date_precision = 'day'\n", ""),
    "from_an_unknown_day": Mutation(
        DAYS, "        and date_precision = 'day'\n        and {{ is_among", "        and {{ is_among"
    ),
    "a_week_since_an_unknown_day": Mutation(DAYS, "when is_dated and not is_break", "when not is_break"),
    "a_fall_since_an_unknown_day": Mutation(DAYS, "'counter' and is_dated and", "'counter' and"),
    "any_day_of_the_month_ends_it": Mutation(PERIODS, "        date_precision = 'day'\n        and", "       "),
    "a_week_s_growth_from_its_low": Mutation(DAYS, "('_low', 'low', 'high')", "('_low', 'low', 'low')"),
    "a_period_s_growth_from_its_low": Mutation(PERIODS, "('_low', 'low', 'high')", "('_low', 'low', 'low')"),
    "a_gap_on_time": Mutation(DAYS, "days_since_previous > cadence_days", "days_since_previous >= cadence_days"),
    "previous_may_be_unusable": Mutation(
        DAYS, "where is_usable and date_precision = 'day'", "where value is not null and date_precision = 'day'"
    ),
    "a_month_comes_between": Mutation(
        DAYS,
        "where is_usable and date_precision = 'day'\n    window series",
        "where is_usable\n    window series",
    ),
    "a_month_looks_at_months_alone": Mutation(
        DAYS,
        "        is_usable\n        and (account_key, metric) in",
        "        is_usable and date_precision <> 'day'\n        and (account_key, metric) in",
    ),
    "all_are_baselines": Mutation(
        DAYS, "is_usable and previous_on is null as is_baseline", "previous_on is null as is_baseline"
    ),
    # posts
    "all_is_engagement": Mutation(POST_VALUES, "sum(case when counts_as_engagement then value end)", "sum(value)"),
    "no_engagement_is_none": Mutation(
        POST_VALUES,
        "cast(sum(case when counts_as_engagement then value end) as bigint)",
        "coalesce(cast(sum(case when counts_as_engagement then value end) as bigint), 0)",
    ),
    "a_reason_beside_a_value": Mutation(
        POST_VALUES, "case when wide.values_found = 0 then reasons.reason end", "reasons.reason"
    ),
    "new_for_six_days": Mutation(POST_DAYS, "<= {{ var('new_post_days') }}", "< {{ var('new_post_days') }}"),
    "a_look_a_day_early_is_at_the_end": Mutation(
        PERIODS,
        "bool_or(looks.measured_on >= {{ period_end('active.' ~ start, period) }})",
        "bool_or(looks.measured_on >= {{ days_before(period_end('active.' ~ start, period), 1) }})",
    ),
    "a_look_after_the_end_is_within": Mutation(
        PERIODS, "bool_or(looks.measured_on <= {{ period_end('active.' ~ start, period) }})", "true"
    ),
    "nobody_looked_and_there_was_nothing": Mutation(
        PERIODS,
        "when looked_for.is_within then coalesce(published_by_period.posts_published, 0)",
        "when true then coalesce(published_by_period.posts_published, 0)",
    ),
    "any_call_is_a_look": Mutation(LOOKS, "is_discovery\n        and", "true and"),
    "a_failed_look_is_a_look": Mutation(LOOKS, "and outcome = 'ok'", ""),
    "half_a_look_is_a_look": Mutation(LOOKS, "and (is_last or cast(asked as string) like '%,%')", ""),
    "a_shared_look_is_read_to_its_end": Mutation(LOOKS, " or cast(asked as string) like '%,%'", ""),
    "no_answer_is_no_posts": Mutation(LOOKS, "and value is not null", ""),
    "a_look_completes_its_own_days": Mutation(PERIODS, "+ literals(completed)", "", in_parts=True),
    "what_was_drawn_since_any_day": Mutation(
        PERIODS, "max(case when is_usable then measured_on end) = max(measured_on)", "bool_or(is_usable)"
    ),
    "posts_nobody_counted_are_counted": Mutation(
        PERIODS,
        "and coalesce(published_by_period.posts_published, 0) = coalesce(post_engaged_by_period.posts_seen, 0)",
        "",
    ),
    "a_day_without_a_look_has_no_posts": Mutation(
        WIDE, "when looked_for.account_key is not null then coalesce", "when true then coalesce"
    ),
    "a_hidden_count_is_a_loss": Mutation(
        POST_DAYS, "in_order.engagement_metrics = previous.engagement_metrics\n", "true\n"
    ),
    "what_stood_before_our_first_look_is_gained": Mutation(
        POST_DAYS, "and coalesce(posts.published_on >= beginnings.first_observed_on, false)", ""
    ),
    "not_new_on_the_day_of_our_first_look": Mutation(
        POST_DAYS,
        "posts.published_on >= beginnings.first_observed_on",
        "posts.published_on > beginnings.first_observed_on",
    ),
    "an_earlier_first_look_changes_nothing": Mutation(POST_DAYS, "+ literals(began)", "", in_parts=True),
    "no_likes_are_no_engagement": Mutation(AGES, "engagement_metrics > 1", "engagement_metrics > 0"),
    "one_comment_is_mostly_comments": Mutation(
        PERFORMANCE,
        "comments > other_engagements and comments >= {{ var('far_at_least') }}",
        "comments > other_engagements",
    ),
    "previous_may_be_empty": Mutation(
        POST_DAYS, "case when engagements is not null then measured_on end", "measured_on"
    ),
    "published_in_utc": Mutation(
        "models/staging/stg_posts.sql",
        "local_date('published_at', var('timezone'))",
        "local_date('published_at', 'UTC')",
    ),
    # weeks
    "a_week_from_sunday": Mutation(
        NAMES,
        "cast(date_trunc('week', {{ day }}) as date)",
        "cast(date_trunc('week', {{ day }} + interval 1 day) - interval 1 day as date)",
    ),
    "a_week_of_the_calendar_year": Mutation(
        NAMES, "extract(year from {{ days_after(week_start(day), 3) }})", "extract(year from {{ day }})"
    ),
    "the_week_ends_with_its_first_day": Mutation(
        PERIODS,
        "max(case when is_usable and not is_imported then measured_on end),\n",
        "min(case when is_usable and not is_imported then measured_on end),\n",
    ),
    "a_reading_ends_the_week": Mutation(
        PERIODS,
        "max(case when is_usable and not is_imported then measured_on end),\n",
        "max(case when is_usable then measured_on end),\n",
    ),
    "the_week_s_first_reason": Mutation(PERIODS, "max_by(reason, measured_on)", "min_by(reason, measured_on)"),
    "activity_of_readings": Mutation(PERIODS, "bool_or(not is_imported) as is_followed", "true as is_followed"),
    "any_two_days": Mutation(CALENDAR, "= {{ 7 * periods }}", "<= {{ 7 * periods }}"),
    "a_week_across_a_break": Mutation(PERIODS, "{{ is_across_break('this_period', 'last_period', period) }}", "false"),
    "never_complete": Mutation(PERIODS, "together.days_observed >= together", "together.days_observed > together"),
    "a_reading_is_not_expected": Mutation(PERIODS, "is_imported then 1\n", "is_imported then 0\n"),
    "an_anomaly_observed": Mutation(
        PERIODS, "count(case when is_usable then measured_on end) as days_observed", "count(value) as days_observed"
    ),
    "engagement_of_later_weeks": Mutation(
        PERIODS, "and published.{{ start }} = seen.{{ start }}", "and published.{{ start }} <= seen.{{ start }}"
    ),
    "a_reading_is_an_observation": Mutation(
        PERIODS, "distinct case when is_usable and not is_imported", "distinct case when is_usable"
    ),
    "the_first_engagement": Mutation(PERIODS, "order by seen.measured_on desc", "order by seen.measured_on"),
    "no_post_is_one": Mutation(
        PERIODS,
        "then coalesce(published_by_period.posts_published, 0)",
        "then coalesce(published_by_period.posts_published, 1)",
    ),
    "a_change_across_a_break": Mutation(
        CALENDAR, "not {{ is_across_break(this, earlier, period) }}\n    and case", "case"
    ),
    "a_flow_cut_short": Mutation(
        CALENDAR, "then {{ this }}.is_complete and {{ earlier }}.is_complete", "then {{ this }}.is_complete"
    ),
    "people_add_up": Mutation(PERIODS, "coalesce(registry.kind <> 'flow' or registry.unit <> 'people', true)", "true"),
    "gained_over_any_time": Mutation(POST_DAYS, "<= {{ var('gained_within_days') }}", "<= 99"),
    "nothing_due_was_not_collected": Mutation(PERIODS, "or not is_looked_for\n", "or true\n"),
    "what_nobody_heard_is_complete": Mutation(
        PERIODS, "        and not coalesce(silent_by_period.is_unheard, false) as", "        as"
    ),
    # months
    "a_first_month_is_whole": Mutation(PERIODS, "<= active.{{ start }}) as is_at", "<= current_date) as is_at"),
    "a_month_from_any_day": Mutation(CALENDAR, "else {{ this }}.is_at_end and {{ earlier }}.is_at_end", "else true"),
    "every_account_is_daily": Mutation(PERIODS, "coalesce(together.cadence_days, 1)", "1"),
    "not_over_and_complete": Mutation(PERIODS, "coalesce(latest.latest_on, date '9999-12-31')", "date '9999-12-31'"),
    "a_fiscal_year_a_month_later": Mutation(CALENDAR, ">= {{ first }}", "> {{ first }}"),
    "quarters_of_the_calendar": Mutation(CALENDAR, "+ 12 - {{ var('fiscal_year_starts_in') | int }}", "+ 11"),
    # the trend
    "a_trend_of_nine_weeks": Mutation(TREND, "< point.week_start_on", "<= point.week_start_on"),
    "a_trend_from_six": Mutation(TREND, ">= {{ var('trend_weeks_at_least') }}", "> {{ var('trend_weeks_at_least') }}"),
    "a_trend_by_the_mean": Mutation(TREND, "median(slope)", "avg(slope)"),
    "a_trend_across_a_break": Mutation(TREND, "{{ weeks }}.break_on is not distinct from point.break_on", "true"),
    # organizations
    "a_sum_of_some": Mutation(ORGANIZATIONS, "count({{ figure }}) = count(*)", "count({{ figure }}) > 0"),
    "a_sum_s_growth_is_its_low": Mutation(ORGANIZATIONS, "change_high / (high - change_high)", "change_high / high"),
    "an_anomaly_of_one_is_none": Mutation(ORGANIZATIONS, "bool_or(has_anomaly)", "bool_and(has_anomaly)"),
    # the usual
    "an_anomaly_is_usual": Mutation(USUAL, "is_complete and not has_anomaly then", "is_complete then"),
    "half_a_week_is_usual": Mutation(USUAL, "kind = 'flow' and is_complete and", "kind = 'flow' and"),
    "usual_of_eleven": Mutation(USUAL, "{{ var('usual_periods') }} <=", "{{ var('usual_periods') }} <"),
    "usual_from_seven": Mutation(
        USUAL, ">= {{ var('usual_at_least') }} then min", "> {{ var('usual_at_least') }} then min"
    ),
    "usual_within_25": Mutation(USUAL, "period) }} <= earlier.{{ start }}", "period) }} < earlier.{{ start }}"),
    "usual_from_its_highest": Mutation(USUAL, "then min(earlier.figure_low)", "then max(earlier.figure_low)"),
    "as_high_as_usual_is_higher": Mutation(USUAL, "{{ low }} > usual_high", "{{ low }} >= usual_high"),
    "surely_lower": Mutation(USUAL, "{{ high }} < usual_low", "{{ low }} < usual_low"),
    "a_year_of_365_days": Mutation(
        JUDGED, "days_before('this_year.week_start_on', 364)", "days_before('this_year.week_start_on', 365)"
    ),
    "rounded_weeks_are_exact": Mutation(USUAL, "then max(earlier.figure_high)", "then max(earlier.figure)"),
    "a_year_from_any_day": Mutation(
        JUDGED,
        "case when is_like_last_year then value - last_year_value",
        "case when true then value - last_year_value",
    ),
    "usual_across_a_break": Mutation(USUAL, "this_period.break_on is not distinct from earlier.break_on", "true"),
    "a_flow_over_a_break_is_usual": Mutation(USUAL, "and coalesce(break_on <= {{ period }}_start_on, true)", ""),
    "a_flow_is_its_last_day": Mutation(CALENDAR, "case when {{ this }}.kind = 'flow' then", "case when false then"),
    "an_organization_s_break_is_forgotten": Mutation(ORGANIZATIONS, "max(break_on)", "cast(null as date)"),
    "a_level_decreases": Mutation(DAYS, "kind = 'counter' and is_dated", "is_dated"),
    # what posts drew
    "the_earlier_of_two_days_as_near": Mutation(
        AGES, "order by days_off asc, measured_on desc", "order by days_off asc, measured_on asc"
    ),
    "the_day_s_own_posts_are_usual": Mutation(
        PERFORMANCE, "day preceding and interval 1 day preceding", "day preceding and current row"
    ),
    "views_of_two_meanings_divide": Mutation(
        PERFORMANCE,
        "coalesce(of_posts.published_on < redefined.break_on, false)",
        "coalesce(of_posts.published_on <= redefined.break_on, false)",
    ),
    "three_times_is_not_far": Mutation(PERFORMANCE, "lift >= {{ var('far_times') }}", "lift > {{ var('far_times') }}"),
    "imported_followers": Mutation("models/intermediate/int_post_followers.sql", "and not is_imported", ""),
    "posts_without_the_figure_in_the_rate": Mutation(
        "models/marts/engagement_weeks.sql",
        "sum(engagements) filter (where {{ count }} is not null)",
        "sum(engagements)",
    ),
    # going on from an earlier build
    "a_slip_shown_later_stays": Mutation(VALUES, " + literals(figures, touched)", "", in_parts=True),
    "the_first_month_s_looks_stay": Mutation(PERIODS, " + literals(looked_since, touched)", "", in_parts=True),
    "the_sums_of_other_periods_stay": Mutation(ORGANIZATIONS, " + literals(replaced)", "", in_parts=True),
    "what_was_usual_stays": Mutation(
        PERFORMANCE, "days_after('max(dates.published_on)', usual_days)", "'max(dates.published_on)'", in_parts=True
    ),
    "a_month_comes_between_later": Mutation(
        DAYS, "(of_the_days.date_precision <> 'day' or earlier.date_precision = 'day')", "true", in_parts=True
    ),
    "the_day_after_a_month_stays": Mutation(
        DAYS, "touched.measured_on, later.date_precision", "touched.measured_on", in_parts=True
    ),
    "the_next_day_stays": Mutation(
        DAYS, "changed + literals(looking_back, changed) + days_moved", "changed + days_moved", in_parts=True
    ),
    "the_year_after_stays": Mutation(
        DAYS, "days_moved(changed, windows)", "days_moved(changed, windows[:3])", in_parts=True
    ),
    "the_zeros_around_stay": Mutation(VALUES, "touched + literals(zeros, touched)", "touched", in_parts=True),
    "the_zeros_before_stay": Mutation(
        VALUES, "range(-2 * reach, 2 * reach + 1)", "range(2 * reach + 1)", in_parts=True
    ),
    "the_zeros_after_stay": Mutation(VALUES, "range(-2 * reach, 2 * reach + 1)", "range(-2 * reach, 1)", in_parts=True),
    "zeros_of_a_month_before_stay": Mutation(VALUES, "range(-2 * reach, 2", "range(-reach, 2", in_parts=True),
    "the_next_post_day_stays": Mutation(
        POST_DAYS, "changed + literals(looking_back, changed) +", "changed +", in_parts=True
    ),
    "posts_dated_late_stay": Mutation(POST_DAYS, " + literals(dated)", "", in_parts=True),
    "the_next_week_stays": Mutation(
        PERIODS, "starts_moved(changed, [0, 1, 2], period)", "starts_moved(changed, [0], period)", in_parts=True
    ),
    "the_week_before_is_nothing": Mutation(
        PERIODS, "where {{ is_among(start, before) }}", "where false", in_parts=True
    ),
    "the_week_before_stands_twice": Mutation(PERIODS, " | reject('in', wanted) | list", "", in_parts=True),
    "the_usual_range_stays": Mutation(JUDGED, "range(0, within + 1)", "range(0, 12 + 1)", in_parts=True),
    "the_week_a_year_after_stays": Mutation(JUDGED, "| list + [52]", "| list", in_parts=True),
    # peers
    "the_floor_is_out": Mutation(PEERS, "< {{ var('peer_floor') }}", "<= {{ var('peer_floor') }}"),
    "ties_have_the_best_place": Mutation(
        PEERS, "count(compared_value) over by_value as rank_to", "rank() over by_value as rank_to"
    ),
    "equal_growth_has_the_best_place": Mutation(
        PEERS,
        "count(compared_growth_rate) over by_growth as growth_rank_to",
        "rank() over by_growth as growth_rank_to",
    ),
    "half_a_week_is_compared": Mutation(
        PEERS,
        "(account_weeks.kind <> 'flow' or account_weeks.is_complete or awaited.account_key is not null)",
        "true",
    ),
    "growth_over_any_days_is_ranked": Mutation(
        PEERS, "case when account_weeks.change is not null then", "case when true then"
    ),
    "those_looked_at_early_are_all": Mutation(PEERS, "count(value) < count(*) as is_pending", "false as is_pending"),
    "what_is_looked_for_is_compared": Mutation(
        PEERS, "case when awaited.account_key is null then account_weeks.value end", "account_weeks.value"
    ),
    "nobody_looks_on_the_fortnight_s_last_day": Mutation(
        PEERS, "var('look_reaches_days')) }} >= (select", "var('look_reaches_days')) }} > (select"
    ),
    "a_day_that_is_missing_is_waited_for": Mutation(PEERS, "and days_observed >= days_expected\n", "\n"),
    "what_posts_drew_waits_for_nobody": Mutation(
        PEERS,
        "and account_weeks.metric in ('posts_published', 'post_engagements')",
        "and account_weeks.metric = 'posts_published'",
    ),
    "readings_are_compared": Mutation(PEERS, "and not is_imported", ""),
    "four_are_enough": Mutation(
        PEERS, "summed.n < {{ var('peers_at_least') }} as", "summed.n < {{ var('peers_at_least') }} - 1 as"
    ),
    "a_line_taken_back_describes_the_past": Mutation(
        DIRECTORY, "case when is_in_force then coalesce(later_on", "case when true then coalesce(later_on"
    ),
    "the_past_of_a_line_taken_back_stays": Mutation(
        DIRECTORY, "where is_in_force or earlier_on is null", "where is_in_force", in_parts=True
    ),
    "the_stratum_of_a_line_taken_back_stays": Mutation(
        MEMBERS, "where is_listed or earlier_on is null", "where is_listed", in_parts=True
    ),
    "the_weeks_described_anew_stay": Mutation(PEERS, " + literals(described_anew, described_from)", "", in_parts=True),
    "a_week_without_anyone_stays": Mutation(PEERS, "meta={'weeks_of': 'int_account_weeks'}", "meta={}", in_parts=True),
    "the_past_has_no_stratum": Mutation(
        MEMBERS,
        "case when earlier_on is null then date '0001-01-01' else measured_on end as described_from_on",
        "measured_on as described_from_on",
    ),
    # adoption
    "present_on_the_day_it_closed": Mutation(
        ADOPTION, "month_ends.measured_on < opened.until_on", "month_ends.measured_on <= opened.until_on"
    ),
    "a_year_of_eleven_months": Mutation(ADOPTION, "interval 12 month", "interval 11 month"),
    "a_platform_nobody_asked_yet_has_nobody": Mutation(
        ADOPTION,
        "greatest(first_on, coalesce(settled_on, first_on)) as",
        "min(greatest(first_on, coalesce(settled_on, first_on))) over (partition by basis) as",
    ),
    "the_dated_lines_are_all_there_were": Mutation(
        ADOPTION, "case when opened_on is null and listed_from_on", "case when false and listed_from_on"
    ),
    "a_first_week_has_seen_everyone": Mutation(
        ADOPTION, "days_after('seen.first_observed_on', 7)", "days_after('seen.first_observed_on', 0)"
    ),
    "all_are_those_of_the_first_platform": Mutation(ADOPTION, "coalesce(max(settled_on)", "coalesce(min(settled_on)"),
    "gone_is_present": Mutation(
        ADOPTION, "last_observed_on >= coalesce(gone_on, last_observed_on)", "last_observed_on is not null"
    ),
    "gone_for_ever": Mutation(ADOPTION, "max(last_observed_on) over so_far", "min(last_observed_on) over so_far"),
    "any_day_will_do": Mutation(ADOPTION, "date_precision = 'day' and precision in", "precision in"),
    "a_rounded_population_is_exact": Mutation(
        ADOPTION, "present_low / organizations_high end as", "present_low / organizations end as"
    ),
    "more_than_is_exact": Mutation(ADOPTION, "compared.high as present_high", "compared.value as present_high"),
    "only_later_populations": Mutation(
        ADOPTION,
        "when lag(measured_on) over (order by measured_on) is null then date '0001-01-01'",
        "when false then null",
    ),
    # versions and days, wide
    "the_first_telling_is_the_last": Mutation(
        OBSERVATIONS, "max(fetched_at) as last_seen_at", "min(fetched_at) as last_seen_at"
    ),
    "every_telling_is_one_version": Mutation(
        OBSERVATIONS,
        "case when told is distinct from told_before then 1 else 0 end",
        "case when place = 1 then 1 else 0 end",
    ),
    "no_room_for_rounding": Mutation(WIDE, "metric = 'followers' then high end", "metric = 'followers' then low end"),
    "a_day_draws_what_a_life_did": Mutation(WIDE, "sum(engagements_change)", "sum(engagements)"),
    "one_metric_s_slip_unsaid": Mutation(WIDE, "bool_or(is_anomaly)", "bool_and(is_anomaly)"),
    # what a load touches
    "what_a_new_run_rules_stays": Mutation(
        TOUCHED, "    union\n    select measured_on from ruled_by_new_runs\n", "", in_parts=True
    ),
    "what_a_new_directory_rules_stays": Mutation(
        TOUCHED, "    union\n    select measured_on from ruled_by_the_directory\n", "", in_parts=True
    ),
    "what_first_terms_describe_stays": Mutation(
        TOUCHED, "    union\n    select measured_on from described_by_the_directory\n", "", in_parts=True
    ),
    "only_touched_days_are_replaced": Mutation(
        LOADS, "[ref('touched_days')] + models", "[ref('touched_days')]", in_parts=True
    ),
    "a_touched_day_keeps_its_rows": Mutation(
        LOADS,
        "{%- if key in ('measured_on', 'week_start_on', 'month_start_on') %}",
        "{%- if key in () %}",
        in_parts=True,
    ),
    "a_touched_week_keeps_its_rows": Mutation(
        LOADS,
        "{%- if key in ('measured_on', 'week_start_on', 'month_start_on') %}",
        "{%- if key == 'measured_on' %}",
        in_parts=True,
    ),
    # what has not settled
    "missing_is_pending": Mutation(PENDING, "        and bool_and(is_known_or_pending)\n", ""),
    "pending_over_other_weekdays": Mutation(PENDING, "        and known.weekday = earlier.weekday\n", ""),
    "pending_across_a_break": Mutation(
        PENDING, "        and known.break_on is not distinct from earlier.break_on\n", ""
    ),
    "some_of_the_weekdays_will_do": Mutation(PENDING, "days_found = days_known", "days_found <= days_known"),
    "pending_of_eleven": Mutation(PENDING, ") <= {{ var('usual_periods') }}", ") < {{ var('usual_periods') }}"),
    "pending_from_seven": Mutation(PENDING, ">= {{ var('usual_at_least') }}", "> {{ var('usual_at_least') }}"),
    "the_pending_week_is_usual": Mutation(
        PENDING, "pending_weeks.week_start_on > earlier", "pending_weeks.week_start_on >= earlier"
    ),
    "one_page_is_the_organization": Mutation(
        PENDING, "case when count(days.value) = count(*) then sum(days.value) end as value", "sum(days.value) as value"
    ),
    # what was there
    "readings_were_expected": Mutation(COUNTED, "    not is_imported\n    and", "    true\n    and"),
    "who_was_expected_was_observed": Mutation(
        COUNTED, "case when value is not null then account_key end", "account_key"
    ),
    "accounts_are_figures": Mutation(
        COUNTED, "count(distinct account_key) as accounts_expected", "count(*) as accounts_expected"
    ),
    "what_is_hidden_was_not_collected": Mutation(COVERAGE, "missing_hidden + ", ""),
    "what_is_unavailable_is_nobody_s_failure": Mutation(
        COVERAGE, "missing_hidden + ", "missing_hidden + missing_unavailable + "
    ),
    "complete_through_any_day": Mutation(
        COVERAGE, "max(case when is_complete then measured_on end)", "max(measured_on)"
    ),
    "days_not_set_up_are_covered": Mutation(COVERAGE, "    where is_set_up\n", "    where true\n"),
    # hours and kinds
    "six_posts_make_a_pattern": Mutation(
        PATTERNS, ">= {{ var('post_usual_at_least') }}", "> {{ var('post_usual_at_least') }}"
    ),
    "a_pattern_by_the_mean": Mutation(PATTERNS, "median(lift_7d)", "avg(lift_7d)"),
    "monday_is_no_day": Mutation(PATTERNS, "' + 1 as string)'", "' as string)'"),
    "posts_without_a_lift_have_one": Mutation(PATTERNS, "count(lift_7d) as integer", "count(*) as integer"),
    "a_page_sees_first": Mutation(
        SIGHTINGS, "min(case when value is not null and not is_imported", "min(case when value is not null"
    ),
    "a_page_sees_last": Mutation(
        SIGHTINGS, "max(case when value is not null and not is_imported", "max(case when value is not null"
    ),
    "gone_since_the_first_day": Mutation(SIGHTINGS, "max(case when {{ is_gone", "min(case when {{ is_gone"),
    "the_day_s_first_lines": Mutation(LINES, "accounts.landed_at desc", "accounts.landed_at asc"),
    "the_first_lines_are_silent_of_before": Mutation(LINES, "then date '0001-01-01'", "then in_force_on"),
    # engagement
    "all_gains_are_of_new_posts": Mutation(
        ENGAGEMENT,
        "sum(post_days.engagements_change) filter (where posts.week_start_on = post_days.week_start_on) as bigint\n",
        "sum(post_days.engagements_change) as bigint\n",
    ),
    "a_lifetime_is_its_first_look": Mutation(
        ENGAGEMENT,
        "partition by account_key, post_id order by measured_on desc",
        "partition by account_key, post_id order by measured_on asc",
    ),
    "what_stood_before_is_of_the_end": Mutation(
        ENGAGEMENT,
        "partition by account_key, post_id order by measured_on)",
        "partition by account_key, post_id order by measured_on desc)",
    ),
    "uncompared_of_all_posts": Mutation(
        ENGAGEMENT,
        "sum(post_days.engagements_uncompared) filter (where posts.week_start_on = post_days.week_start_on) as bigint",
        "sum(post_days.engagements_uncompared) as bigint",
    ),
    "the_day_of_the_break_is_before_it": Mutation(
        ENGAGEMENT, "at_the_end.published_on < breaks", "at_the_end.published_on <= breaks"
    ),
    "engagements_short_are_whole": Mutation(
        ENGAGEMENT, "active.is_complete and coalesce(engaged.is_complete, true)", "active.is_complete"
    ),
    "the_mean_of_posts_is_the_ratio_of_sums": Mutation(
        ENGAGEMENT,
        "cast(avg(cast(engagements / {{ count }} as decimal(38, 18))) as double)",
        "sum(engagements) filter (where {{ count }} is not null) / sum({{ count }})",
    ),
    "a_rate_by_nobody": Mutation(ENGAGEMENT, "nullif(followers.value, 0)", "greatest(followers.value, 1)"),
    # places among peers
    "the_best_of_n_is_short_of_100": Mutation(
        PEERS,
        "100 * (1 - ((rank_from + rank_to) / 2 - 1) / (n - 1)) end as percentile",
        "100 * (1 - ((rank_from + rank_to) / 2 - 1) / n) end as percentile",
    ),
    "a_tie_is_at_its_best_place": Mutation(PEERS, "(1 - ((rank_from + rank_to) / 2 - 1)", "(1 - (rank_from - 1)"),
    "growth_s_best_is_short_of_100": Mutation(PEERS, "/ (growth_n - 1)", "/ growth_n"),
    "a_fifth_is_a_quarter": Mutation(PEERS, "percentile_cont(0.25)", "percentile_cont(0.2)"),
    "four_fifths_are_three_quarters": Mutation(PEERS, "percentile_cont(0.75)", "percentile_cont(0.8)"),
    "four_that_grow_are_enough": Mutation(
        PEERS,
        "summed.growth_n >= {{ var('peers_at_least') }} and not placed.is_below_floor as is_growth_shown",
        "summed.growth_n >= {{ var('peers_at_least') }} - 1 and not placed.is_below_floor as is_growth_shown",
    ),
    "four_that_grow_have_places": Mutation(
        PEERS,
        "summed.growth_n >= {{ var('peers_at_least') }}\n        and placed",
        "summed.growth_n >= {{ var('peers_at_least') }} - 1\n        and placed",
    ),
    "rounded_growth_has_a_place": Mutation(PEERS, "        and not summed.is_growth_rounded as", "        as"),
    "the_directory_of_monday": Mutation(
        PEERS, "{{ days_after('week_start_on', 6) }} as sunday_on", "week_start_on as sunday_on"
    ),
    "careers_are_the_main_account": Mutation(PEERS, "coalesce(directory.account_group, 'main')", "'main'"),
    "the_small_grow_beside_the_great": Mutation(
        PEERS, "case when not is_below_floor then growth_rate end", "growth_rate"
    ),
    "the_small_have_a_median": Mutation(
        PEERS,
        " and not summed.is_pending and not placed.is_below_floor as is_ranked",
        " and not summed.is_pending as is_ranked",
    ),
    "few_have_a_voice": Mutation(
        PEERS, "and not is_suppressed and not is_pending and total > 0", "and not is_pending and total > 0"
    ),
    # what leadership reads
    "all_before_those_like_us": Mutation(
        SCORECARD, "case when stratum = 'all' then 1 else 0 end asc", "case when stratum = 'all' then 0 else 1 end asc"
    ),
    "not_ranked_is_a_rank": Mutation(SCORECARD, "        and rank_from is not null\n", ""),
    "what_is_pending_is_all": Mutation(SCORECARD, "coalesce(pending.value, weeks.value)", "weeks.value"),
    "pending_beside_whole_weeks": Mutation(
        SCORECARD,
        "case when pending.days_known is null then weeks.usual_low else pending.usual_low end",
        "weeks.usual_low",
    ),
    "since_last_year_of_this_year": Mutation(
        SCORECARD, "/ (weeks.{{ figure }} - weeks.change_since_last_year{{ end }})", "/ weeks.{{ figure }}"
    ),
    "peers_are_ours": Mutation(SCORECARD, "    where is_own\n", "    where true\n"),
    # who is on a platform
    "doubling_is_a_line": Mutation(ADOPTION, "days * ln(2) / ln(present / earlier)", "days / (present / earlier - 1)"),
    "a_fall_doubles": Mutation(ADOPTION, "present > earlier and earlier > 0", "earlier > 0"),
    "closed_is_seen": Mutation(
        ADOPTION,
        "least(coalesce(seen.until_on, date '9999-12-31'), coalesce(lines.closed_on, date '9999-12-31'))",
        "coalesce(seen.until_on, date '9999-12-31')",
    ),
    "an_organization_counts_by_platform": Mutation(
        ADOPTION,
        "    union\n\n    select\n        basis,\n        measured_on,\n        'all' as platform",
        "    union all\n\n    select\n        basis,\n        measured_on,\n        'all' as platform",
    ),
    "opened_when_first_written": Mutation(
        ADOPTION, "coalesce(opened_on, first_named_on) as from_on", "first_named_on as from_on"
    ),
    "listed_for_ever": Mutation(ADOPTION, "        and days.measured_on < organizations.listed_until_on\n", ""),
    "a_line_is_listed_for_ever": Mutation(
        ADOPTION, "        and month_ends.measured_on < opened.listed_until_on\n", ""
    ),
}

WINDOWS, POINTS = "models/intermediate/int_effect_windows.sql", "models/intermediate/int_effect_points.sql"
TRIALS, FINDINGS = "models/intermediate/int_effect_trials.sql", "models/marts/initiative_effects.sql"
THERE = "macros/effects.sql"
SUMS, CHANGES = "models/intermediate/int_effect_weeks.sql", "models/intermediate/int_effect_changes.sql"
EFFECT_MUTATIONS = {
    "a_peer_may_have_its_own_initiative": Mutation(POINTS, "and busy.organization_id is null", ""),
    "a_reading_is_an_anchor": Mutation(POINTS, "and not days.is_imported\n", "\n"),
    "a_break_within_is_no_obstacle": Mutation(WINDOWS, "when broken.break_on is not null", "when false"),
    "where_it_was_once_it_is_for_ever": Mutation(
        THERE, "{{ started_on }} < coalesce({{ directory }}.replaced_on, date '9999-12-31')", "true"
    ),
    "closed_on_the_first_day_is_open": Mutation(
        THERE, "< coalesce({{ directory }}.closed_on", "<= coalesce({{ directory }}.closed_on"
    ),
    "the_organization_is_its_peers_peer": Mutation(TRIALS, "not theirs.is_treated", "true"),
    "of_equals_the_first_are_peers": Mutation(TRIALS, "abs(ours.place - theirs.place), ", ""),
    "who_stands_alone_was_not_observed": Mutation(TRIALS, "    is_treated\n    or", "    false\n    or"),
    "an_account_that_comes_is_growth": Mutation(
        SUMS, "in (-1, 0, first_point) then 1 end) = 3", "= -1 then 1 end) = 1"
    ),
    "the_account_followed_longest_decides": Mutation(SUMS, "2 * sum(own.value) >= max(audiences.value)", "true"),
    "what_was_closed_is_audience": Mutation(SUMS, "and {{ was_there('directory', 'windows.started_on') }}", ""),
    "who_leaves_is_followed_to_the_end": Mutation(SUMS, "        and own.is_to_the_end\n", ""),
    "some_accounts_are_all": Mutation(FINDINGS, "when accounts < accounts_there", "when false"),
    "a_week_of_less_than_nothing_has_a_logarithm": Mutation(
        SUMS, "(value - value_before) / mean_before", "ln(1 + value) - ln(1 + value_before)"
    ),
    "one_more_than_was_done": Mutation(
        CHANGES,
        "ln(anchors.weekly_value) - ln(anchors.weekly_value_before)",
        "ln(1 + anchors.weekly_value) - ln(1 + anchors.weekly_value_before)",
    ),
    "what_ended_is_no_peer": Mutation(
        CHANGES, "coalesce(weekly_value, log_change) is not null", "log_change is not null"
    ),
    "peers_count_one_by_one": Mutation(
        TRIALS, "ln(sum(weekly_value)) - ln(sum(weekly_value_before))", "avg(log_change)"
    ),
    "the_smallest_peer_s_week_weighs_as_much": Mutation(
        TRIALS, "coalesce(theirs.weekly_value_before, 1) as weight", "1 as weight"
    ),
    "the_widest_but_one": Mutation(FINDINGS, "/ 20.0)", "/ 10.0)"),
}
