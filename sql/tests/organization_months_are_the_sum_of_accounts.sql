{{ sums_that_differ('month') }}
