"""The `countermark` command: one module for each group of commands, bodies of a few lines that call the library.

Which module has which command: `_GROUPS` in `main`, and the first line of each. Commands share what is in `session`
(wallet, node and ledger of one call), `options`, `items`, `claimed`, `confirming`, `progress` and `credential_lines`;
`json_output` gives `--json` to those of other packages.
"""
