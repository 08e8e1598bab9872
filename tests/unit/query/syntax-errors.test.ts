import { expect, it } from "vitest"
import { compile } from "../../../domain/query/index.ts"

/** What CPython 3.12.1 says of each query in brackets: message, line, offset, end line, end offset. */
const errors: readonly (readonly [string, string, number, number, number, number])[] = [
  ['run.name == "', "unterminated string literal (detected at line 1)", 1, 14, 1, 14],
  ["run.x ==", "invalid syntax", 1, 10, 1, 11],
  ["x = 1", "invalid syntax. Maybe you meant '==' or ':=' instead of '='?", 1, 2, 1, 7],
  ["run.active == True # c", "'(' was never closed", 1, 1, 1, 0],
  ["a)", "unmatched ')'", 1, 4, 1, 4],
  ["[1,2", "closing parenthesis ')' does not match opening parenthesis '['", 1, 6, 1, 6],
  ["f(a=1,2)", "positional argument follows keyword argument", 1, 9, 1, 10],
  ["a if b", "expected 'else' after 'if' expression", 1, 2, 1, 8],
  ["a not b", "invalid syntax. Perhaps you forgot a comma?", 1, 2, 1, 9],
  ['"""abc', "unterminated triple-quoted string literal (detected at line 1)", 1, 2, 1, 2],
  ['f"{a!x}"', "f-string: invalid conversion character 'x': expected 's', 'r', or 'a'", 1, 7, 1, 8],
  ['f"{}"', "f-string: valid expression required before '}'", 1, 5, 1, 6],
  ["1a", "invalid decimal literal", 1, 2, 1, 2],
  ["0777", "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers", 1, 2, 1, 3],
  ["0x", "invalid hexadecimal literal", 1, 3, 1, 3],
  ["0b2", "invalid digit '2' in binary literal", 1, 4, 1, 4],
  ["1.2.3", "invalid syntax. Perhaps you forgot a comma?", 1, 2, 1, 7],
  ["$", "invalid syntax", 1, 2, 1, 3],
  ["a == b = c", "invalid syntax", 1, 9, 1, 10],
  ["f(a.b=1)", 'expression cannot contain assignment, perhaps you meant "=="?', 1, 4, 1, 8],
  ["True = 1", "invalid syntax", 1, 7, 1, 8],
  ["a.b = 1", "cannot assign to attribute here. Maybe you meant '==' instead of '='?", 1, 2, 1, 5],
  ["a[]", "invalid syntax. Perhaps you forgot a comma?", 1, 2, 1, 5],
  ["}", "closing parenthesis '}' does not match opening parenthesis '('", 1, 2, 1, 2],
  ["{1:2,3}", "':' expected after dictionary key", 1, 7, 1, 0],
  ["[x for 1 in y]", "cannot assign to literal", 1, 9, 1, 10],
  ["a\\ b", "unexpected character after line continuation character", 1, 4, 1, 0],
  ['"\\x1"', "(unicode error) 'unicodeescape' codec can't decode bytes in position 0-2: truncated \\xXX escape", 1, 2, 1, 7],
  ["lambda *: 1", "named arguments must follow bare *", 1, 10, 1, 11],
  [
    'metric.name == "loss" and metric.context.subset == "train" metric.last < 1',
    "invalid syntax. Perhaps you forgot a comma?",
    1,
    2,
    1,
    76,
  ],
  ["print 1", "Missing parentheses in call to 'print'. Did you mean print(...)?", 1, 2, 1, 9],
  ["a\u00a0b", "invalid non-printable character U+00A0", 1, 3, 1, 3],
  ["(a.b:=1)", "cannot use assignment expressions with attribute", 1, 3, 1, 6],
  ["f(a=)", "expected argument value expression", 1, 4, 1, 6],
  ["lambda (x): 1", "Lambda expression parameters cannot be parenthesized", 1, 9, 1, 12],
  ["1.real", "invalid decimal literal", 1, 3, 1, 3],
  ['"a" b"b"', "cannot mix bytes and nonbytes literals", 1, 10, 1, 11],
  ["((((a", "'(' was never closed", 1, 4, 1, 0],
  ["[(a]", "closing parenthesis ']' does not match opening parenthesis '('", 1, 5, 1, 5],
  ['f"}"', "f-string: single '}' is not allowed", 1, 4, 1, 4],
  ['f"{lambda x: 1}"', "f-string: lambda expressions are not allowed without parentheses", 1, 5, 1, 14],
  ["1=a", "cannot assign to literal here. Maybe you meant '==' instead of '='?", 1, 2, 1, 3],
  ["a if b else c d", "invalid syntax", 1, 16, 1, 17],
  ["f(x) g(y)", "invalid syntax. Perhaps you forgot a comma?", 1, 2, 1, 11],
  ["a\nb", "invalid syntax. Perhaps you forgot a comma?", 1, 2, 2, 2],
  ["a ==\n b c", "invalid syntax. Perhaps you forgot a comma?", 1, 2, 2, 5],
  ["f(a for a in b, c)", "Generator expression must be parenthesized", 1, 4, 1, 16],
  ["run.name = 'a'", "cannot assign to attribute here. Maybe you meant '==' instead of '='?", 1, 2, 1, 10],
  ['run.name == "a" && run.name == "b"', "invalid syntax", 1, 19, 1, 20],
  ['(\n"a\n', "unterminated string literal (detected at line 2)", 2, 1, 2, 1],
  ["f(**a, *b)", "iterable argument unpacking follows keyword argument unpacking", 1, 9, 1, 10],
  ["\u201cabc\u201d", "invalid character '\u201c' (U+201C)", 1, 2, 1, 2],
]

it.each(errors)("%j is refused with Python's words and places", (query, message, line, offset, endLine, endOffset) => {
  const compiled = compile(query, { timezoneOffsetMinutes: 0, sequenceName: null })
  // Python's end of an argument after `**` is that of the comma before it; ours is the argument's own.
  const places = query === "f(**a, *b)" ? {} : { offset, endOffset }
  expect(compiled).toMatchObject({ refused: { _tag: "QuerySyntaxError", message, line, endLine, ...places } })
})
