"""Ten small checks over the facts of one case; each returns one row of the table in `findings`."""
