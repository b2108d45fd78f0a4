"""The `countermark` command: one module for each group of commands, bodies of a few lines that call the library."""
