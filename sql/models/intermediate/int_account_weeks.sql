{{ config(materialized='incremental', unique_key='week_start_on') }}

{{ account_periods('week') }}
