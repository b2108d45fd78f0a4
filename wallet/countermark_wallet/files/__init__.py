"""Files as the wallet writes them: whole or not there, or growing and going on after a crash."""
