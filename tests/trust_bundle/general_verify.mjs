// Reads [{document, jwk}] from standard input and writes, for each, whether jose accepts the key's signature.
import { generalVerify, importJWK } from "jose";
import { readFileSync } from "node:fs";

const answers = [];
for (const { document, jwk } of JSON.parse(readFileSync(0, "utf-8"))) {
  try {
    const { payload, protectedHeader } = await generalVerify(JSON.parse(document), await importJWK(jwk, "ES256"));
    answers.push({ payload: new TextDecoder().decode(payload), typ: protectedHeader.typ });
  } catch {
    answers.push(null);
  }
}
console.log(JSON.stringify(answers));
