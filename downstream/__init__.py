"""Released projects' own test suites, on their own engine and on loopscope's."""
