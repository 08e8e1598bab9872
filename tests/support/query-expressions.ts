/** A source of random choices that a seed repeats (mulberry32). */
export class Dice {
  #state: number
  constructor(seed: number) {
    this.#state = seed >>> 0
  }
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  pick<A>(of: readonly [A, ...A[]]): A {
    return of[Math.floor(this.next() * of.length)] ?? of[0]
  }
}

type Make = (dice: Dice, depth: number) => string

/** Of each kind, what needs nothing more, and what is made of smaller expressions. */
const leafOr =
  (leaves: readonly [string, ...string[]], makers: readonly [Make, ...Make[]]): Make =>
  (dice, depth) =>
    depth <= 0 || dice.next() < 0.2 ? dice.pick(leaves) : dice.pick(makers)(dice, depth - 1)

const from =
  (...pieces: readonly (string | Make)[]): Make =>
  (dice, depth) =>
    pieces.map((piece) => (typeof piece === "string" ? piece : piece(dice, depth))).join("")

const oneOf =
  (...texts: readonly [string, ...string[]]): Make =>
  (dice) =>
    dice.pick(texts)

const int: Make = (dice, depth) => anInt(dice, depth)
const float: Make = (dice, depth) => aFloat(dice, depth)
const number: Make = (dice, depth) => dice.pick([int, float, int, float, bool])(dice, depth)
const text: Make = (dice, depth) => aText(dice, depth)
const bool: Make = (dice, depth) => aBool(dice, depth)
const list: Make = (dice, depth) => aList(dice, depth)
const dict: Make = (dice, depth) => aDict(dice, depth)
const set: Make = (dice, depth) => aSet(dice, depth)
const any: Make = (dice, depth) => dice.pick([int, float, text, bool, list, dict, param, set, int, text])(dice, depth)

const param = oneOf(
  "run.hparams.lr",
  "run.hparams.n",
  "run.hparams.big",
  "run.hparams.near",
  "run.hparams.zero",
  "run.hparams.on",
  "run.hparams.name",
  "run.hparams.opt.name",
  "run.hparams.opt.wd",
  "run.hparams.opt",
  "run['hparams']['lr']",
  "run['hparams']['nope']",
  "run.hparams.nope",
  "run.nope.deep",
  "run['nope']",
  "run.hparams.layers",
  "run.hparams.layers[0]",
  "run.hparams.dicts[0]",
  "run.hparams.dicts[0].get('k')",
  "run.hparams.lr.foo",
  "run.name",
  "run.experiment",
  "run.created_at",
  "run.duration",
  "run.active",
  "run.hparams.strange",
)

const moment = oneOf(
  "datetime(2024, 2, 29, hour=12)",
  "(datetime(2023, 12, 31, hour=23, minute=59, second=59, microsecond=999999) + timedelta(microseconds=1))",
  "(datetime(2024, 1, 1, day=1) if False else datetime(1970, 1, 1, hour=0))",
  "(datetime(2000, 1, 1, second=1) - timedelta(days=0.5))",
)

const operand = oneOf("==", "!=", "<", "<=", ">", ">=")

const anInt: Make = leafOr(
  [
    "0",
    "1",
    "2",
    "3",
    "7",
    "10",
    "-1",
    "-5",
    "255",
    "0x1f",
    "0b101",
    "1_000",
    "9007199254740993",
    "12345678901234567890",
    "run.hparams.n",
    "True",
  ],
  [
    from("(", int, oneOf(" + ", " - ", " * ", " // ", " % ", " & ", " | ", " ^ "), int, ")"),
    from("(", int, " ** ", oneOf("0", "1", "2", "3"), ")"),
    from("(", int, oneOf(" << ", " >> "), oneOf("0", "1", "5", "70"), ")"),
    from("(-", int, ")"),
    from("(~", int, ")"),
    from("len(", oneOf("run.name", "run.hparams.layers", "'añ😀b'", "[1, 2]", "{'a': 1}", "{1, 1.0}"), ")"),
    from("int(", number, ")"),
    from("int(", oneOf("'12'", "' 0x1f ', 16", "'1_0'", "'z', 36", "'-7'", "'0b11', 0", "'x'", "'٣'"), ")"),
    from("abs(", number, ")"),
    from("round(", number, ")"),
    from("(", dict, ").get(", any, ", ", int, ")"),
    from("(", list, ").", oneOf("index", "count"), "(", any, ")"),
    from("math.", oneOf("isqrt", "factorial"), "(", oneOf("0", "5", "17", "-1", "30", "10**30"), ")"),
    from("math.comb(", oneOf("5", "40", "3"), ", ", oneOf("2", "7", "0"), ")"),
    from("(", moment, " - ", moment, ").", oneOf("days", "seconds", "microseconds")),
    from("(", moment, ").", oneOf("year", "month", "day", "hour", "minute", "second", "weekday()", "isoweekday()")),
    from("[*b'", oneOf("abc", "\\x00\\xff", ""), "'][", oneOf("0", "-1"), "]"),
    from("round(", int, ", ", oneOf("-1", "-2", "0", "2"), ")"),
    from("ord(", oneOf("'a'", "'😀'", "'ab'"), ")"),
    from("sum(", list, ")"),
    from("math.", oneOf("floor", "ceil", "trunc"), "(", number, ")"),
    from("math.gcd(", int, ", ", int, ")"),
    from("(", text, ").", oneOf("find", "count", "rfind", "index"), "(", text, ")"),
    from("divmod(", int, ", ", int, ")[", oneOf("0", "1"), "]"),
    from("(", int, ").bit_length()"),
    from("(", int, " if ", bool, " else ", int, ")"),
    from("pow(", int, ", ", oneOf("2", "5", "-1"), ", ", oneOf("7", "13", "0"), ")"),
  ],
)

const aFloat: Make = leafOr(
  [
    "0.0",
    "-0.0",
    "1.0",
    "0.1",
    "0.5",
    "2.5",
    "-1.5",
    "1e16",
    "1e-5",
    "123456.789",
    "1e300",
    "3.0",
    "1e22",
    "5e-324",
    "run.hparams.lr",
    "run.created_at",
    "9007199254740992.0",
  ],
  [
    from("(", number, oneOf(" + ", " - ", " * ", " / ", " // ", " % "), float, ")"),
    from("(", int, " / ", int, ")"),
    from("(", float, " ** ", oneOf("0", "2", "-1"), ")"),
    from("float(", number, ")"),
    from("float(", oneOf("'1.5'", "' -inf '", "'1e5'", "'1_0.5'", "'abc'", "'.5'", "'5.'"), ")"),
    from("round(", float, ", ", oneOf("0", "1", "2", "-1", "3"), ")"),
    from("math.sqrt(", number, ")"),
    from("math.", oneOf("copysign", "fmod"), "(", number, ", ", float, ")"),
    from("math.modf(", float, ")[", oneOf("0", "1"), "]"),
    from("((", moment, " - ", moment, ") / timedelta(days=", oneOf("1", "0", "2.5"), "))"),
    from("math.fabs(", number, ")"),
    from("divmod(", float, ", ", number, ")[", oneOf("0", "1"), "]"),
    from("(", float, " or ", float, ")"),
    from("max(", number, ", ", float, ")"),
    from("min(", float, ", ", number, ")"),
    from("timedelta(", oneOf("days", "hours", "seconds"), "=", oneOf("1", "2.5", "-3"), ").total_seconds()"),
  ],
)

const spec = oneOf(
  "z.1f",
  "015_.2e",
  "#.3g",
  ">5c",
  "",
  "d",
  ".2f",
  "5",
  "<8",
  ">8",
  "^9",
  "08.3f",
  "+",
  ",",
  "_",
  "x",
  "#x",
  "#b",
  "e",
  ".3g",
  "%",
  "010",
  "*^10",
  ".0f",
  ",.2f",
  "c",
  "o",
  " ",
  "s",
  ".3",
  "=+8",
  "010,d",
  "g",
  "E",
)
const directive = oneOf(
  "%d",
  "%s",
  "%r",
  "%5.2f",
  "%-6s|",
  "%05d",
  "%x",
  "%e",
  "%g",
  "%+d",
  "%.3s",
  "%c",
  "%#o",
  "%i%%",
  "%10r",
  "% d",
  "%.0f",
  "%G",
)

const aText: Make = leafOr(
  [
    "''",
    "'a'",
    "'abc'",
    "'Hello World'",
    '"it\'s"',
    "'ß'",
    "'a,b,,c'",
    "'  x y '",
    "'😀é'",
    "'\\n\\t\\x00'",
    "'123'",
    "run.name",
    "run.hparams.name",
    "'A1 b2'",
    "'aXbX'",
  ],
  [
    from("(", text, " + ", text, ")"),
    from("(", text, " * ", oneOf("0", "1", "2", "-1"), ")"),
    from(
      "(",
      text,
      ").",
      oneOf("lower", "upper", "title", "strip", "capitalize", "swapcase", "lstrip", "rstrip", "casefold"),
      "()",
    ),
    from("(", text, ").", oneOf("strip", "lstrip", "rstrip", "removeprefix", "removesuffix"), "(", text, ")"),
    from("(", text, ").replace(", text, ", ", text, oneOf("", ", 1", ", 0", ", -1"), ")"),
    from("(", text, ").", oneOf("center", "ljust", "rjust"), "(", oneOf("3", "8", "9"), oneOf("", ", '*'"), ")"),
    from("(", text, ").zfill(", oneOf("2", "6"), ")"),
    from("(", text, ").join(", oneOf("['x', 'y']", "('p',)", "[]", "'abc'", "[1]"), ")"),
    from("(", text, ")[", oneOf("0", "-1", "1:", ":2", "::-1", "::2", "-3:-1", "5", "1:1", "10:", "-100:100:3", "::0"), "]"),
    from("str(", any, ")"),
    from("repr(", any, ")"),
    from("(lambda v: f'{v:", spec, "}')(", number, ")"),
    from(
      "f'<{",
      oneOf("run.name", "run.hparams.lr", "run.hparams.n", "run.hparams.name"),
      oneOf("", "!r", "!s", "!a"),
      ":",
      oneOf("", "12", ">14", "^15", ".2"),
      "}>'",
    ),
    percent,
    from("('%(k)s-%(a)r' % (", dict, "))"),
    from("str(", moment, ")"),
    from("repr(", moment, " - ", moment, ")"),
    from("(", text, ").", oneOf("encode", "casefold", "splitlines"), "().", oneOf("hex()", "decode()", "foo")),
    from("('", oneOf("a\\tb", "\\t\\t", "x\\n\\ty"), "').expandtabs(", oneOf("", "4", "0"), ")"),
    from("chr(", oneOf("65", "128512", "-1", "223"), ")"),
    from("hex(", int, ")"),
    from("(", text, ").", oneOf("partition", "rpartition"), "(", text, ")[", oneOf("0", "1", "2"), "]"),
    from("(", text, " if ", bool, " else ", text, ")"),
    from(
      "str(datetime(2024, ",
      oneOf("1", "2", "13"),
      ", ",
      oneOf("1", "29", "30"),
      ", hour=",
      oneOf("0", "5", "23"),
      ") ",
      oneOf("+ timedelta(hours=30)", "- timedelta(days=365, seconds=1.5)"),
      ")",
    ),
    from(
      "str(timedelta(days=",
      oneOf("0", "1", "-2", "40"),
      ", seconds=",
      oneOf("0", "3661", "0.25"),
      ") * ",
      oneOf("1", "2", "-1"),
      ")",
    ),
  ],
)

function percent(dice: Dice, depth: number): string {
  const form = directive(dice, depth)
  return `('${form}' % (${any(dice, depth)},))`
}

const aBool: Make = leafOr(
  ["True", "False", "run.active", "run.archived", "run.hparams.on"],
  [
    from("(", number, " ", operand, " ", number, ")"),
    from("(", text, " ", operand, " ", text, ")"),
    from("(", list, " ", operand, " ", list, ")"),
    from(
      "(",
      any,
      oneOf(" == ", " != ", " is ", " is not ", " < ", " >= "),
      oneOf("None", "True", "1", "''", "{}", "[]", "run.hparams.nope"),
      ")",
    ),
    from("(", any, oneOf(" == ", " != "), any, ")"),
    from("(", number, " < ", number, " <= ", number, ")"),
    from("(", bool, oneOf(" and ", " or "), bool, ")"),
    from("(", any, oneOf(" and ", " or "), any, ")"),
    from("(not ", any, ")"),
    from("(", any, oneOf(" in ", " not in "), list, ")"),
    from("(", text, oneOf(" in ", " not in "), text, ")"),
    from("(", text, oneOf(" in ", " not in "), "run.hparams", oneOf("", ".opt"), ")"),
    from("(", text, ").", oneOf("startswith", "endswith"), "(", oneOf("'a'", "('a', 'H')", "'a', 1", "'', 9", "'b', 1, 2"), ")"),
    from(
      "(",
      text,
      ").",
      oneOf(
        "isalpha",
        "isdigit",
        "isalnum",
        "isspace",
        "isupper",
        "islower",
        "istitle",
        "isascii",
        "isnumeric",
        "isdecimal",
        "isidentifier",
        "isprintable",
      ),
      "()",
    ),
    from("any(x ", operand, " ", number, " for x in ", list, ")"),
    from("all(x for x in ", list, ")"),
    from("isinstance(", any, ", ", oneOf("int", "str", "float", "(int, str)", "bool", "set"), ")"),
    from("bool(", any, ")"),
    from("(", moment, " ", operand, " ", moment, ")"),
    from("(", set, ").", oneOf("issubset", "isdisjoint", "issuperset"), "(", set, ")"),
    from("any(a != b for a, b in zip(", list, ", ", list, "))"),
    from("(", set, oneOf(" <= ", " == ", " < ", " >= "), set, ")"),
    from("math.", oneOf("isnan", "isinf", "isfinite"), "(", number, ")"),
  ],
)

const aList: Make = leafOr(
  [
    "[]",
    "[1, 2, 3]",
    "[0.5, 2]",
    "['a', 'b']",
    "(1, 2)",
    "()",
    "run.hparams.layers",
    "range(3)",
    "[3, 1, 2]",
    "[None, 1]",
    "[[1], [2]]",
    "(5,)",
    "[True, 1.0]",
  ],
  [
    from("[", any, ", ", any, "]"),
    from("(", any, ", ", any, ",)"),
    from("[x for x in ", list, "]"),
    from("[x for x in ", list, " if x", oneOf("", " != 1", " is not None", " > 1"), "]"),
    from("[(x, y) for x in ", oneOf("[1, 2]", "'ab'"), " for y in ", list, "]"),
    from("[a + b for a, b in [(1, 2), (3, ", any, ")]]"),
    from("sorted(", list, oneOf("", ", reverse=True", ", key=lambda v: -v", ", key=str"), ")"),
    from("(", text, ").split(", oneOf("", "','", "None, 1", "' '", "'X', 1", "''"), ")"),
    from("(", text, ").rsplit(", oneOf("", "','", "None, 1", "' ', 1"), ")"),
    from("(", text, ").splitlines()"),
    from("(", list, ")[", oneOf("1:", "::-1", ":-1", "0:1", "::2", "-2:"), "]"),
    from("(", list, " + ", list, ")"),
    from("list((", dict, ").", oneOf("keys", "values", "items"), "())"),
    from("[[y for y in [x, ", any, "] if y] for x in ", list, "]"),
    from("((z := ", list, ")[:", oneOf("1", "-1"), "] + z)"),
    from("sorted((", set, ").", oneOf("union", "intersection", "difference"), "(", set, "))"),
    from("list(x for x in ", list, " for y in [x] if y)"),
    from("(lambda x: (lambda y: [x, y]))(", any, ")(", any, ")"),
    from("(", list, " * ", oneOf("0", "2"), ")"),
    from(
      "list(",
      oneOf("range(1, 10, 3)", "(1, 2)", "'ab'", "{'k': 1}", "zip([1, 2], 'ab')", "(i * i for i in range(4))", "range(5, 0, -2)"),
      ")",
    ),
    from("tuple(", list, ")"),
    from("sorted(", set, ")"),
    from("[y := ", int, ", y * 2, y]"),
    from("(lambda a, b=", any, ": [a, b])(", any, ")"),
    from("(lambda *a, **k: (a, k))(", any, ", z=", int, ")"),
    from("[*", list, ", ", any, "]"),
    from("[*", dict, ".items()]"),
  ],
)

const aDict: Make = leafOr(
  ["{}", "{'a': 1}", "{1: 'x', 1.0: 'y'}", "{(1, 2): 3}", "{'name': 'adam', 'wd': None}"],
  [
    from("{", text, ": ", any, ", 'k': ", any, "}"),
    from("{x: ", any, " for x in ", list, "}"),
    from("{**", dict, ", 'z': ", any, "}"),
    from("(", dict, " | ", dict, ")"),
  ],
)

const aSet: Make = oneOf(
  "{1, 2}",
  "{1}",
  "{1.0}",
  "set()",
  "{1, 2} | {3}",
  "({1, 2} & {2})",
  "({1, 2} - {1})",
  "set([3, 3])",
  "frozenset([1])",
  "({1} ^ {2})",
  "{x for x in [1, 1, True]}",
)

/** A random expression; most have a value, some raise. */
export const anExpression = (dice: Dice): string =>
  dice.pick([int, float, text, bool, list, dict, any])(dice, 1 + Math.floor(dice.next() * 4))
