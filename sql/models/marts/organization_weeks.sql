{{ config(materialized='incremental', unique_key='week_start_on') }}

{{ organization_periods('week') }}
