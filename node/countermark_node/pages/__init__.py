"""The pages people see: start, verdict, scanner and customs desk. No build step, nothing from elsewhere."""
