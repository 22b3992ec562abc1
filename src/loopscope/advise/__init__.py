"""Which engine suits a suite, and what that engine has to be told: from data to data."""
