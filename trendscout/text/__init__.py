"""Pure functions on the text that sites show: numbers, titles, markup."""
