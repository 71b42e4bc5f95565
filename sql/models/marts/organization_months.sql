{{ config(materialized='incremental', unique_key='month_start_on') }}

{{ organization_periods('month') }}
