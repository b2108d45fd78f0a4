"""A JSON-RPC signer as a process of its own: its secret comes on standard input, address and port go out.

`lie` in the path makes it sign something else than it was asked to.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

KEY = Account.from_key(bytes.fromhex(sys.stdin.readline().strip()))


def transaction(asked: dict[str, Any], lie: bool) -> dict[str, Any]:
    fields = {name: int(asked[name], 16) for name in ("nonce", "gasPrice", "gas", "value", "chainId")}
    fields["gas"] += lie
    return {**fields, "to": asked["to"], "data": asked["data"]}


def answer(method: str, params: list[Any], lie: bool) -> Any:
    if method == "eth_signTransaction":
        return {"raw": "0x" + bytes(KEY.sign_transaction(transaction(params[0], lie)).raw_transaction).hex()}
    if method == "eth_signTypedData_v4":
        full = json.loads(params[1])
        if lie:
            full["domain"]["chainId"] += 1
        signed = KEY.sign_message(encode_typed_data(full_message=full)).signature
        return "0x" + bytes(signed[:64]).hex() + f"{signed[64] - 27:02x}"
    if method == "personal_sign":
        text = bytes.fromhex(params[0][2:]) + b"!" * lie
        return "0x" + bytes(KEY.sign_message(encode_defunct(text)).signature).hex()
    return None


class Signer(BaseHTTPRequestHandler):
    """One route."""

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        result = None if self.path == "/no" else answer(request["method"], request["params"], "lie" in self.path)
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": request["id"]}
        reply |= {"error": {"code": 4001, "message": "declined"}} if result is None else {"result": result}
        body = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Says nothing."""


if __name__ == "__main__":
    with HTTPServer(("127.0.0.1", 0), Signer) as server:
        sys.stdout.write(f"{KEY.address} {server.server_address[1]}\n")
        sys.stdout.flush()
        server.serve_forever()
