"""The scored list for people and machines: table, drops, page, push."""
