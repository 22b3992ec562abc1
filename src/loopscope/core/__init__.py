"""The model of a suite, the planner and the rule: standard library only, no pytest, no loop."""
