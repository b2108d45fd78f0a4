"""The pages people see: start, verdict, scanner and customs desk. Server-rendered, no build step, nothing from elsewhere."""
