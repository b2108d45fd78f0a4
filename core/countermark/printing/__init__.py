"""What printers take: print-line tables, SVG, PNG, ZPL and PDF sheets, each code with its human-readable line. Pure."""
