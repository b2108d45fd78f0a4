"""Who may see what: access keys of desks, sessions of browsers."""
