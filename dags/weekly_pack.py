"""Every Monday at 06:00 local: the leadership's pack of the week that has ended, from the last published file."""

from datetime import datetime

from airflow.sdk import CronTriggerTimetable, dag, task

from socialmetrics import airflow


@dag(
    schedule=CronTriggerTimetable("0 6 * * MON", timezone=airflow.zone().key),
    start_date=datetime(2026, 1, 1, tzinfo=airflow.zone()),
    is_paused_upon_creation=False,
    max_active_runs=1,
    default_args={"on_failure_callback": airflow.failed},
    tags=["socialmetrics"],
    doc_md=__doc__,
)
def weekly_pack() -> None:
    @task(retries=2)
    def export() -> str:
        from socialmetrics import pipeline

        return str(pipeline.export(airflow.settings(), airflow.week()))

    export()


weekly_pack()
