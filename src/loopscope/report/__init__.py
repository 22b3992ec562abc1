"""Pictures of a plan, and of a run."""
