// What independent libraries make of our credentials, and credentials that they make for us.
// One JSON request per line on standard input, one JSON answer per line on standard output.
import { createHash, randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { gunzipSync } from 'node:zlib';
import { Bitstring } from '@digitalbazaar/bitstring';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import { CompactSign, SignJWT, compactVerify, importJWK, jwtVerify, calculateJwkThumbprint } from 'jose';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const hasher = (data, algorithm) => {
  if (algorithm !== 'sha-256') throw new Error(`hash ${algorithm}`);
  return new Uint8Array(createHash('sha256').update(data).digest());
};

const rawSign = (jwk) => async (data) => {
  const [head, body] = data.split('.');
  // jose signs bytes with their own header; the library below brings a whole signing input, so WebCrypto signs it.
  const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
  const signed = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, encoder.encode(`${head}.${body}`));
  return Buffer.from(signed).toString('base64url');
};
const rawVerify = (jwk) => async (data, signature) => {
  const { d, ...open } = jwk;
  const key = await crypto.subtle.importKey('jwk', open, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
  return crypto.subtle.verify(
    { name: 'ECDSA', hash: 'SHA-256' }, key, Buffer.from(signature, 'base64url'), encoder.encode(data));
};

const sdJwt = ({ issuer, holder }) => new SDJwtVcInstance({
  signer: issuer?.d ? rawSign(issuer) : undefined,
  verifier: issuer ? rawVerify(issuer) : undefined,
  signAlg: 'ES256',
  hasher,
  hashAlg: 'sha-256',
  saltGenerator: (length) => randomBytes(length).toString('base64url'),
  kbSigner: holder?.d ? rawSign(holder) : undefined,
  kbVerifier: holder ? rawVerify(holder) : undefined,
  kbSignAlg: 'ES256',
});

const verbs = {
  async verify({ token, jwk, typ }) {
    const { payload, protectedHeader } = await compactVerify(token, await importJWK(jwk, 'ES256'), {
      algorithms: ['ES256'],
    });
    if (protectedHeader.typ !== typ) throw new Error(`typ ${protectedHeader.typ}`);
    return { header: protectedHeader, claims: JSON.parse(decoder.decode(payload)) };
  },
  async sign({ claims, header, jwk }) {
    const signing = new CompactSign(encoder.encode(JSON.stringify(claims)));
    return signing.setProtectedHeader(header).sign(await importJWK(jwk, 'ES256'));
  },
  async signJwt({ claims, header, jwk }) {
    return new SignJWT(claims).setProtectedHeader(header).sign(await importJWK(jwk, 'ES256'));
  },
  async verifyJwt({ token, jwk, typ }) {
    return (await jwtVerify(token, await importJWK(jwk, 'ES256'), { typ, algorithms: ['ES256'] })).payload;
  },
  thumbprint: ({ jwk }) => calculateJwkThumbprint(jwk, 'sha256'),
  async sdVerify({ text, issuer, holder, nonce }) {
    const found = await sdJwt({ issuer, holder }).verify(text, nonce ? { keyBindingNonce: nonce } : undefined);
    return { claims: found.payload, binding: found.kb?.payload ?? null };
  },
  sdIssue: ({ claims, hide, issuer, kid }) => sdJwt({ issuer }).issue(claims, { _sd: hide }, { header: { kid } }),
  sdPresent: ({ text, show, issuer, holder, binding }) => sdJwt({ issuer, holder }).present(
    text, Object.fromEntries(show.map((name) => [name, true])), binding ? { kb: { payload: binding } } : undefined),
  async bitsSet({ encodedList }) {
    const bytes = gunzipSync(Buffer.from(encodedList.slice(1), 'base64url'));
    const list = new Bitstring({ buffer: await Bitstring.decodeBits({ encoded: encodedList.slice(1) }) });
    if (Buffer.compare(bytes, Buffer.from(list.bits)) !== 0) throw new Error('two decoders, two lists');
    const set = [];
    for (let index = 0; index < list.length; index += 1) if (list.get(index)) set.push(index);
    return { length: list.length, set };
  },
  async bitsMake({ length, set }) {
    const list = new Bitstring({ length });
    for (const index of set) list.set(index, true);
    return `u${await list.encodeBits()}`;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { verb, ...request } = JSON.parse(line);
  let answer;
  try {
    answer = { ok: true, value: await verbs[verb](request) };
  } catch (error) {
    answer = { ok: false, error: `${error.name}: ${error.message}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
