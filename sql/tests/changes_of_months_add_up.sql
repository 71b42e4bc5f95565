{{ changes_that_differ('month') }}
