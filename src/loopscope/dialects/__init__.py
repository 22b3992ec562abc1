"""The vocabularies in which suites declare scopes and backends."""
