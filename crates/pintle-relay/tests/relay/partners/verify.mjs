// What a partner written in JavaScript does: verifies a JWT by a JWKS, and prints header and claims.
import { createPublicKey, verify } from 'node:crypto';
const { token, jwks } = JSON.parse(process.argv[2]);
const [head, body, signature] = token.split('.');
const read = (part) => JSON.parse(Buffer.from(part, 'base64url'));
const header = read(head);
const jwk = jwks.keys.find((key) => key.kid === header.kid);
const key = jwk && createPublicKey({ key: jwk, format: 'jwk' });
const good = !!key && header.alg === 'RS256' && verify('RSA-SHA256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'));
console.log(JSON.stringify({ good, header, claims: read(body), bits: key?.asymmetricKeyDetails.modulusLength }));
