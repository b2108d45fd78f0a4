"""Chain events projected into SQL, run-length like the contract."""
