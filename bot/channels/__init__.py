"""Ways to reach people: Telegram, and the web chat that plays its part for everybody else."""
