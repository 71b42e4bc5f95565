"""Every hour: ask again for what the last day still lacks, while it can be observed; build and publish what came."""

from datetime import datetime, timedelta

from airflow.sdk import Asset, CronTriggerTimetable, dag, task

from socialmetrics import airflow, retries

WAREHOUSE = Asset("warehouse")


@dag(
    schedule=CronTriggerTimetable(f"{retries.HOURLY_AT} * * * *", timezone=airflow.zone().key),
    start_date=datetime(2026, 1, 1, tzinfo=airflow.zone()),
    is_paused_upon_creation=False,
    catchup=False,
    max_active_runs=1,
    tags=["socialmetrics"],
    doc_md=__doc__,
)
def missing_counts() -> None:
    @task(execution_timeout=timedelta(hours=6))
    def extract() -> list[str]:
        return airflow.make_up()

    @task(pool="warehouse")
    def model() -> None:
        from socialmetrics import pipeline

        pipeline.model(airflow.settings())

    @task(pool="warehouse", outlets=[WAREHOUSE])
    def publish() -> str:
        from socialmetrics import pipeline

        return str(pipeline.publish(airflow.settings()))

    extract() >> model() >> publish()


missing_counts()
