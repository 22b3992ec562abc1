"""What is wrong, for whom, where, why, and what helps."""
