"""Daily counts of an organization's and its peers' social media, kept as they came, modelled into one DuckDB file."""
