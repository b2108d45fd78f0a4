"""`python -m countermark_wallet` is the `countermark` command."""

from countermark_wallet.cli.main import run

run()
