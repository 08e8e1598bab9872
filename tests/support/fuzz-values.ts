/** Values that are valid, at the limits, or hostile; drawn from a seed, so that a request can be made again. */

export interface Random {
  /** In [0, 1). */
  readonly next: () => number
  /** Below `n`. */
  readonly below: (n: number) => number
  readonly oneOf: <A>(all: readonly A[]) => A
}

/** The draws of one request: request number `index` under a seed is always the same. */
export const randomOf = (seed: number, index: number): Random => {
  let state = (Math.imul(seed, 0x9e3779b9) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number): number => Math.floor(next() * n)
  return { next, below, oneOf: (all) => all[below(all.length)]! }
}

/** Parts of paths as they stand in the request line, percent-encoded where they have to be. */
export const hostileParts: readonly string[] = [
  "..",
  ".",
  "%2e%2e",
  "%252e%252e",
  "..%2f..%2fetc%2fpasswd",
  "%2e%2e%5c",
  "..\\..",
  "a/../b",
  "%00",
  "a%00b",
  "a;b",
  "a%3Bb",
  "a%23b",
  "%ff%fe",
  "%ed%a0%80",
  "%c0%ae%c0%ae",
  "%",
  "%zz",
  "%E2%80%AE",
  "%EF%BC%8F",
  "%D0%B0%D0%B0",
  "x".repeat(10_000),
  "%F0%9F%92%A9".repeat(60),
  "a".repeat(256),
  "a".repeat(257),
  "__proto__",
  "constructor",
  "toString",
  "null",
  "NaN",
  "-1",
  "0",
  "'%22%3Cscript%3E",
  "%0d%0aX:1",
  "{id}",
  "x*y",
  ":(",
  ":id",
  "*",
  "~",
  "a b".replace(" ", "%20"),
  "",
]

export const hostileTexts: readonly string[] = [
  "",
  " ",
  "\0",
  "a\0b",
  "../../etc/passwd",
  "\ud800",
  "x\udfff",
  "＿＿proto＿＿",
  "__proto__",
  "аdmin",
  "\u202e",
  "x".repeat(10_000),
  "💩".repeat(500),
  "'; drop table runs; --",
  "<script>alert(1)</script>",
  "%2e%2e%2f",
  "\r\nSet-Cookie: x",
  "NaN",
  "null",
  "[]",
  "{}",
]

export const hostileNumbers: readonly string[] = [
  "-1",
  "0",
  "1",
  "-0",
  "+1",
  "1.5",
  "1e3",
  "1e400",
  "-1e400",
  "NaN",
  "Infinity",
  "0x10",
  "１２",
  " 5 ",
  "5 5",
  "2147483648",
  "4294967296",
  "9007199254740993",
  "9223372036854775808",
  "-9223372036854775809",
  "9".repeat(400),
]

export const hostileRanges: readonly string[] = [
  ":",
  "::",
  "1:0",
  "-5:-1",
  "a:b",
  "0:1e9",
  "9007199254740993:",
  ":-9223372036854775809",
  "0:9007199254740991",
  "1:2:3",
  "NaN:",
  "9".repeat(5_000),
]

export const hostileSorts: readonly string[] = [
  "[",
  "{}",
  "null",
  "[null]",
  "[[]]",
  '[{"field":"__proto__"}]',
  '[{"field":"date","order":"up"}]',
  '[{"field":5}]',
  "NaN",
  '[{"field":"run"},{"field":"experiment"},{"field":"hash"},{"field":"duration","order":"desc"}]',
  "[".repeat(5_000),
]

/** JSON texts that are no answer to any schema, and some that are no JSON. */
export const hostileBodies: readonly string[] = [
  "",
  " ",
  "null",
  "true",
  "0",
  '"x"',
  "[]",
  "{}",
  "[null]",
  "[{}]",
  "{",
  "[1,",
  "\u0000",
  "\ufeff{}",
  "NaN",
  "[NaN]",
  "1e999",
  "[".repeat(50_000),
  '{"a":'.repeat(20_000),
  '["\\ud800"]',
  '{"\\ud800":1}',
  '{"name":"a","name":5}',
  `[${"0,".repeat(5_000)}0]`,
  '{"__proto__":{"x":1}}',
  '{"constructor":{"prototype":{"x":1}}}',
  '{"name":{"$ne":null}}',
  '{"state":{"__leaf__":1}}',
  `{"name":"${"n".repeat(10_000)}"}`,
  `{"content":"${"c".repeat(300_000)}"}`,
  `[${'"a",'.repeat(20_000)}"a"]`,
]

/** What a value of a body may be replaced by. */
export const hostileJson: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  "",
  [],
  {},
  [[]],
  [null],
  { a: { b: {} } },
  ...hostileTexts,
  JSON.parse('{"__proto__":{"polluted":true}}'),
]

export const hostileHeaders: readonly Readonly<Record<string, string>>[] = [
  ...[
    "",
    "text/plain",
    "multipart/form-data; boundary=x",
    "application/xml",
    "application/json; charset=utf-16",
    "*/*",
    "\xff",
  ].map((type) => ({ "content-type": type })),
  ...["gzip", "br", "deflate, gzip", "identity", "zstd"].map((coding) => ({ "content-encoding": coding })),
  ...["bytes=0-", "bytes=-1", "bytes=5-2", "bytes=0-0,1-1", "bytes=99999999999999999999-", "lines=1-2", "bytes=--"].map(
    (range) => ({ range }),
  ),
  ...hostileNumbers.filter((text) => !text.includes("１")).map((offset) => ({ "x-timezone-offset": offset })),
  ...["null", "http://evil.example", "file://", "x".repeat(5_000)].map((origin) => ({ origin })),
  { "x-http-method-override": "DELETE" },
  { "x-forwarded-for": "127.0.0.1", "x-forwarded-host": "evil.example", "x-original-url": "/metrics" },
  { "last-event-id": "forged" },
  { "accept-encoding": "gzip;q=0, *;q=0" },
  { "if-none-match": "*", "if-modified-since": "never" },
  { "x-request-id": "a".repeat(10_000) },
  { expect: "100-continue" },
  { upgrade: "websocket", connection: "Upgrade", "sec-websocket-version": "13", "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==" },
  { authorization: "Bearer ../../x" },
  { cookie: "a=b; ".repeat(1_000) },
]
