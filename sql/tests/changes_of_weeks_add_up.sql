{{ changes_that_differ('week') }}
