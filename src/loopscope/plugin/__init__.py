"""The pytest plugin: collects, plans, executes the plan, and reports."""
