"""What the user set: the configuration, the job files and their times."""
