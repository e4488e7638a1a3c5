"""Who somebody is, kept apart from everything else."""
