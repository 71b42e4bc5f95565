{{ config(materialized='incremental', unique_key='month_start_on') }}

{{ account_periods('month') }}
