"""What printers take: print-line tables, SVG, PNG, ZPL and PDF sheets of codes with their human-readable lines. Pure."""
