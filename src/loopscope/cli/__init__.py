"""The command `loopscope`: one module a command, and what they share."""
