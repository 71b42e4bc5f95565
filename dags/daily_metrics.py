"""Every day at 22:00 local: pull every platform, build the warehouse, publish it, say how the day went."""

from datetime import datetime, timedelta

from airflow.sdk import Asset, CronTriggerTimetable, Param, TriggerRule, dag, task, task_group

from socialmetrics import airflow

WAREHOUSE = Asset("warehouse")


@dag(
    schedule=CronTriggerTimetable("0 22 * * *", timezone=airflow.zone().key),
    start_date=datetime(2026, 1, 1, tzinfo=airflow.zone()),
    is_paused_upon_creation=False,
    max_active_runs=1,
    params={"platforms": Param([], type="array", description="only these platforms; empty: all")},
    default_args={"on_failure_callback": airflow.failed},
    tags=["socialmetrics"],
    doc_md=__doc__,
)
def daily_metrics() -> None:
    @task
    def shards() -> list[dict[str, str]]:
        return airflow.shards()

    @task_group
    def platform(work: dict[str, str]) -> None:
        @task(
            map_index_template="{{ label }}",
            retries=airflow.retries(),
            retry_delay=airflow.retry_delay(),
            retry_policy=airflow.ByMeaning(),
            execution_timeout=timedelta(hours=6),
        )
        def extract(work: dict[str, str]) -> str:
            return airflow.extract(**work)

        extract(work)

    @task(pool="warehouse", trigger_rule=TriggerRule.ALL_DONE)
    def model() -> None:
        from socialmetrics import pipeline

        pipeline.model(airflow.settings())

    @task(pool="warehouse", outlets=[WAREHOUSE])
    def publish() -> str:
        from socialmetrics import pipeline

        return str(pipeline.publish(airflow.settings()))

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def verdict() -> str:
        return airflow.verdict()

    @task
    def heartbeat() -> None:
        airflow.heartbeat()

    extracted = platform.expand(work=shards())
    published, judged = publish(), verdict()
    extracted >> model() >> published
    extracted >> judged
    [published, judged] >> heartbeat()


daily_metrics()
