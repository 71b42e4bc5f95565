{{ sums_that_differ('week') }}
