"""Product passports: what a brand says about a segment, signed once and anchored when it is commissioned."""
