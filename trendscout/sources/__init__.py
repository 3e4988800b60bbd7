"""One file per public list: where it is and how it is read. Nothing here fetches."""
