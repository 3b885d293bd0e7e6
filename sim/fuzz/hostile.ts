/**
 * What has broken parsers before, made by hand: names that reach a prototype, numbers at and past their edges, texts that look like
 * numbers, characters that look like none, and sizes. Owns the words; where they are put is the mutators'.
 */

/** Keys, with their quotes. */
export const HOSTILE_KEYS: readonly string[] = [
  '"__proto__"',
  '"constructor"',
  '"prototype"',
  '"toString"',
  '"valueOf"',
  '"toJSON"',
  '"hasOwnProperty"',
  '"then"',
  '"length"',
  '"0"',
  '""',
  '"\\u005f_proto__"',
  '"\\ud800"',
];

/** JSON values as they stand, some of which are none. */
export const HOSTILE_TOKENS: readonly string[] = [
  ...["null", "true", "false", "0", "-0", "-1", "1", "{}", "[]", '""', "undefined", "NaN", "Infinity", "-", "0x10"],
  ...[
    "1e309",
    "-1e309",
    "1e-400",
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "1e21",
    "0.1",
    "01",
    "+1",
  ],
  ...["18446744073709551616", "-9223372036854775809", "1E400", "1.0", "5e-324", "4294967296", "2147483648"],
  ...[
    '"0"',
    '"-0"',
    '"-1"',
    '"+1"',
    '"0.0"',
    '"00.1"',
    '"1."',
    '".1"',
    '"1e3"',
    '"0x10"',
    '"NaN"',
    '"Infinity"',
    '" 1"',
  ],
  ...[
    '"1 "',
    '"1_000"',
    '"1,5"',
    '"٣"',
    '"１２"',
    '"1\\u0000"',
    '"\\ud800"',
    '"\\udfff\\ud800"',
    '"\\ufeff1"',
    '"\\u2028"',
  ],
  ...['"9007199254740993"', '"0.00000000000000000001"', `"${"9".repeat(38)}"`, `"${"9".repeat(39)}"`, '"1e309"'],
  ...[`"0.${"0".repeat(17)}1"`, `"0.${"0".repeat(60)}"`, `"1.${"0".repeat(400)}"`, `"${"9".repeat(400)}"`],
  ...[
    '"2026-02-29T00:00:00.000Z"',
    '"2026-13-01T00:00:00.000Z"',
    '"2026-01-02T24:00:00.000Z"',
    '"9999-12-31T23:59:59.999Z"',
  ],
  ...[
    '"2026-01-02T03:04:60.000Z"',
    '"1969-12-31T23:59:59.999Z"',
    '"+010000-01-01T00:00:00.000Z"',
    '"2026-01-02T03:04:05Z"',
  ],
  ...['"2026-01-02T03:04:05.678901234Z"', '"2024-02-29T23:59:59.999Z"', '"2026-01-02T03:04:05.678+00:00"'],
  ...[
    '"SEI/USDC"',
    '"ETH/USDC"',
    '"sei/usdc"',
    '"SEI/USDC\\n"',
    '"SEI/USDC/X"',
    '"__proto__"',
    '"constructor"',
    '"toString"',
  ],
  ...[
    '"buy"',
    '"sell"',
    '"Buy"',
    '"open"',
    '"filled"',
    '"halted"',
    '"running"',
    '"[[\\"0.4213\\",\\"0\\"]]"',
    '"[]"',
    '"{}"',
  ],
  ...[
    '"\\u001b[31m"',
    '"\\r\\n\\"level\\":\\"ERROR\\""',
    '"<script>"',
    '"$\u007bjndi:ldap://x}"',
    '"../../etc/passwd"',
    '"%00"',
  ],
  ...['{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}', '{"toString":1,"valueOf":1}'],
  ...[
    '{"length":4294967295}',
    '{"then":1}',
    '{"toJSON":1}',
    "[[]]",
    "[null]",
    '{"a":1,"a":2}',
    '{"":{}}',
    "[1,]",
    '{"a"}',
  ],
  ...[
    '{"$bigint":"1"}',
    '{"$map":[[1,2]]}',
    '{"$number":"NaN"}',
    '{"S":"x"}',
    '{"N":"1e125"}',
    '{"NULL":true}',
    '{"M":{}}',
  ],
];

/** The same, too large to be picked as often. */
export const LARGE_TOKENS: readonly string[] = [
  `"${"a".repeat(100_000)}"`,
  `"${"9".repeat(100_000)}"`,
  `"${"\\u0000".repeat(20_000)}"`,
  `"${" ".repeat(50_000)}"`,
  `"0.${"0".repeat(100_000)}1"`,
  `[${"0,".repeat(50_000)}0]`,
  `[${"[],".repeat(20_000)}[]]`,
  `{${Array.from({ length: 10_000 }, (_, i) => `"k${i}":${i}`).join(",")}}`,
  `"${"[".repeat(50_000)}"`,
  deep("[", "]", 20_000),
  deep('{"a":', "}", 20_000, "1"),
  `"[${'[\\"1\\",\\"1\\"],'.repeat(5_000)}[]]"`,
];

/** Bytes that are put in as they are. */
export const HOSTILE_BYTES: readonly Uint8Array[] = [
  ...[
    "\u0000",
    "\ufeff",
    "\u2028",
    "\r\n",
    "\r\n\r\n",
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\u001b",
    "-",
    ".",
    "e999",
  ],
  ...["__proto__", "0", "9", " ", "\t", "null", "\\u0000", "\\ud800", "\u0663", "\ud83d\ude00", "%", "/", "#"],
].map((text) => Buffer.from(text, "utf8"));

/** Not UTF-8: lone bytes, an overlong slash, half a surrogate, a byte order mark of UTF-16. */
export const BROKEN_UTF8: readonly Uint8Array[] = [
  Uint8Array.of(0xff),
  Uint8Array.of(0x80),
  Uint8Array.of(0xc0, 0xaf),
  Uint8Array.of(0xed, 0xa0, 0x80),
  Uint8Array.of(0xff, 0xfe),
  Uint8Array.of(0xf4, 0x90, 0x80, 0x80),
];

/** Whole inputs that every parser is given as they are. */
export const HOSTILE_INPUTS: readonly string[] = [
  ...HOSTILE_TOKENS,
  "",
  " ",
  "\ufeff{}",
  "{",
  "[",
  '{"a":',
  '"',
  "<html>",
  "\u0000",
];

function deep(open: string, close: string, levels: number, inside = ""): string {
  return open.repeat(levels) + inside + close.repeat(levels);
}
