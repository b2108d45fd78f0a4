"""Labels made as files, and files for printers."""
