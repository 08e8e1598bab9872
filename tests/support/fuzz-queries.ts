/** Queries: some by MatyanQL's grammar, some broken, some that would be dear or dangerous where nobody looks after them. */
import { hostileTexts, type Random } from "./fuzz-values.ts"

const hostile: readonly string[] = [
  "().__class__.__bases__[0].__subclasses__()",
  "run.__class__",
  "__import__('os').system('id')",
  "run.hparams.__proto__.x == 1",
  "run.constructor",
  "lambda: 0",
  "(lambda f: f(f))(lambda f: f(f))",
  "[x for x in range(10**9)]",
  "sum(range(10**12)) > 0",
  "'a' * 10**9",
  "[0] * 10**9",
  "10 ** 10 ** 10",
  "2 ** 1000000 > 1",
  "1 << 10**9",
  "f'{1:>1000000000}'",
  "'%1000000000d' % 1",
  "'{:>999999999}'.format(1)",
  "run.name.replace('', 'x' * 10**6)",
  "all(all(True for y in range(9999)) for x in range(9999))",
  "run.hash in (" + "'x', ".repeat(2_000) + ")",
  "(".repeat(5_000),
  "not ".repeat(5_000) + "True",
  "run.x" + ".y".repeat(3_000),
  "-".repeat(9_000) + "1",
  "run.name == '" + "a".repeat(60_000) + "'",
  "run.name == 'a' or ".repeat(1_000) + "True",
  "run.name.matches('(a+)+$')",
  "await x",
  "yield",
  "x := 5",
  "import os",
  "run.hparams.lr = 5",
  "datetime(10**9, 1, 1) < datetime(1, 1, 1)",
  "timedelta(days=10**18) > timedelta(0)",
  "run.created_at > datetime.max",
  "math.factorial(10**6) > 1",
  "math.comb(10**9, 5 * 10**8)",
  "round(1e308, -400)",
  "int('9' * 10**6)",
  "str(10 ** 5000)",
  "float('nan') == float('nan')",
  "run.hparams[run.hparams]",
  "run.metrics['loss', {'a': [1, {}]}].last > 0",
  "metric.last / 0 > 1",
  "1 if run else 2 if run else",
  "{**run.hparams}",
  "print(*run.tags)",
  "# only a comment",
  "\t\n\\\n",
]

const names = ["run", "metric", "images", "x", "None", "True", "datetime", "math", "len", "sorted"]
const fields = [
  "hash",
  "name",
  "experiment",
  "tags",
  "archived",
  "active",
  "created_at",
  "duration",
  "hparams",
  "lr",
  "last",
  "context",
]
const operators = [
  "==",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  "in",
  "not in",
  "is",
  "is not",
  "and",
  "or",
  "+",
  "-",
  "*",
  "/",
  "//",
  "%",
  "**",
  "<<",
  "&",
]
const literals = [
  "0",
  "1",
  "-1",
  "0.5",
  "1e308",
  "'a'",
  '"é"',
  "''",
  "None",
  "True",
  "[]",
  "()",
  "{}",
  "[1, 'a']",
  "b'x'",
  "1j",
  "10**20",
  "nan",
]

export const queryOf = (random: Random): string => {
  const draw = random.next()
  if (draw < 0.25) return random.oneOf(hostile)
  if (draw < 0.3) return random.oneOf(hostileTexts)
  const written = expression(random, 4)
  if (draw < 0.8) return written
  const cut = random.below(written.length)
  return (
    written.slice(0, cut) +
    random.oneOf(["", "(", ")", "'", "\0", "\\", "\n", "é", "\ud800", " ", ";", "$", "`"]) +
    written.slice(cut + 1)
  )
}

const expression = (random: Random, depth: number): string => {
  if (depth === 0) return random.next() < 0.5 ? random.oneOf(literals) : `run.${random.oneOf(fields)}`
  const inner = (): string => expression(random, depth - 1)
  switch (random.below(10)) {
    case 0:
      return `(${inner()})`
    case 1:
      return `not ${inner()}`
    case 2:
      return `${random.oneOf(names)}.${random.oneOf(fields)}`
    case 3:
      return `${inner()}[${inner()}]`
    case 4:
      return `${random.oneOf(["len", "abs", "str", "int", "sorted", "any", "max", "f"])}(${inner()})`
    case 5:
      return `${inner()} if ${inner()} else ${inner()}`
    case 6:
      return `[${inner()} for x in ${inner()} if ${inner()}]`
    case 7:
      return `run.name.${random.oneOf(["startswith", "upper", "split", "join", "format", "encode", "__len__"])}(${inner()})`
    default:
      return `${inner()} ${random.oneOf(operators)} ${inner()}`
  }
}
