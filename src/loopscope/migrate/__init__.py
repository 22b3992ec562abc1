"""A suite in other words: edits of its source and settings that write its plan down."""
