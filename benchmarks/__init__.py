"""What async tests cost: generated suites, each in the idiom of several plugins, measured."""
