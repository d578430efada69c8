// A worker that finds the answer to a proof of work: SHA-256 of prefix + answer begins with `bits` zero bits.
// One block of SHA-256 by hand, since crypto.subtle is missing on plain http and slow for many small inputs.

const K = new Uint32Array(64);
const H = new Uint32Array(8);
{
  // The constants are the first 32 bits of the fractions of cube and square roots of primes.
  let n = 2;
  for (let at = 0; at < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
    if (!prime) continue;
    if (at < 8) H[at] = fraction(Math.sqrt(n));
    K[at++] = fraction(Math.cbrt(n));
  }
}

function fraction(x) {
  return Math.floor((x - Math.floor(x)) * 0x1_0000_0000);
}

const W = new Uint32Array(64);

/** The digest's first 32 bits of a text that fits one block (55 bytes at most). */
export function first(bytes, length) {
  W.fill(0, 0, 16);
  for (let at = 0; at < length; at++) W[at >> 2] |= bytes[at] << (24 - 8 * (at & 3));
  W[length >> 2] |= 0x80 << (24 - 8 * (length & 3));
  W[15] = length * 8;
  for (let at = 16; at < 64; at++) {
    const x = W[at - 15];
    const y = W[at - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    W[at] = (W[at - 16] + s0 + W[at - 7] + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = H;
  for (let at = 0; at < 64; at++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[at] + W[at]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  return (H[0] + a) >>> 0;
}

/** An answer for `prefix`; `bits` is 1 to 32. */
export function solve(prefix, bits) {
  const bytes = new Uint8Array(64);
  const start = prefix.length;
  for (let at = 0; at < start; at++) bytes[at] = prefix.charCodeAt(at);
  for (let n = 0; ; n++) {
    const text = n.toString(36);
    for (let at = 0; at < text.length; at++) bytes[start + at] = text.charCodeAt(at);
    if (Math.clz32(first(bytes, start + text.length)) >= bits) return text;
  }
}

if (typeof WorkerGlobalScope !== "undefined") {
  addEventListener("message", ({ data }) => postMessage({ id: data.id, answer: solve(data.prefix, data.bits) }));
}
