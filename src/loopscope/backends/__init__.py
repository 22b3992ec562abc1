"""Hosts: each owns one loop of one library and the task tree on it, and knows nothing of pytest."""
