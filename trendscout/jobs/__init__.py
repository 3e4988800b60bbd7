"""Jobs: run one, start them by the clock, tell of them, and say what is wrong."""
