import { bindArguments, type Method, signature } from "./arguments.ts"
import { iterate, sliceBounds, truth } from "./collections.ts"
import { classMethods } from "./string-classes.ts"
import { codePoints, hasSurrogates, isAscii, lengthOf, linesOf, trimEnd, trimStart, words } from "./text.ts"
import { asIndex, asString, type Meter, PySlice, type PyValue, raise, Tuple } from "./values.ts"

type Bound = readonly (PyValue | undefined)[]

const method = (parameters: string, run: (self: string, bound: Bound, meter: Meter) => PyValue): Method => {
  const known = signature(parameters)
  return (self, args, keywords, meter) => {
    const text = asString(self)
    meter.charge(text.length >> 6)
    return run(text, bindArguments(known, args, keywords), meter)
  }
}

const optional = (value: PyValue | undefined): string | null => (value === undefined || value === null ? null : asString(value))
const count = (value: PyValue | undefined, missing: number): number => (value === undefined ? missing : asIndex(value))

/** A part of a text by optional start and end, with the place where it begins; undefined where start is beyond the end. */
const part = (self: string, start: PyValue | undefined, end: PyValue | undefined): { text: string; from: number } | undefined => {
  if (start === undefined && end === undefined) return { text: self, from: 0 }
  const points = hasSurrogates(self) ? codePoints(self) : undefined
  const size = points?.length ?? self.length
  const [from, to] = sliceBounds(new PySlice(start ?? null, end ?? null, null), size)
  if (from > to || (start !== undefined && start !== null && asIndex(start) > size)) return undefined
  return { text: points === undefined ? self.slice(from, to) : points.slice(from, to).join(""), from }
}

const search = (fromEnd: boolean, raises: boolean): Method =>
  method("sub / start? / end?", (self, [sub, start, end]) => {
    const wanted = asString(sub ?? null)
    const within = part(self, start, end)
    const at = within === undefined ? -1 : fromEnd ? within.text.lastIndexOf(wanted) : within.text.indexOf(wanted)
    if (within === undefined || at === -1) return raises ? raise("ValueError") : -1
    return within.from + lengthOf(within.text.slice(0, at))
  })

const affix = (test: (text: string, wanted: string) => boolean): Method =>
  method("prefix / start? / end?", (self, [prefix, start, end]) => {
    const within = part(self, start, end)
    const wanted = prefix instanceof Tuple ? prefix.items : [prefix ?? null]
    const texts = wanted.map(asString)
    return within !== undefined && texts.some((each) => test(within.text, each))
  })

const justify = (left: (missing: number, width: number) => number): Method =>
  method("width / fill? /", (self, [width, fill], meter) => {
    const filler = optional(fill) ?? " "
    const wide = asIndex(width ?? null)
    if (lengthOf(filler) !== 1) return raise("TypeError")
    meter.chargeText(Math.max(0, wide))
    const missing = Math.max(0, wide - lengthOf(self))
    const before = left(missing, wide)
    return filler.repeat(before) + self + filler.repeat(missing - before)
  })

const strip = (left: boolean, right: boolean): Method =>
  method("chars? /", (self, [chars]) => {
    const set = optional(chars)
    if (set === null) return left ? trimStart(right ? trimEnd(self) : self) : trimEnd(self)
    const points = codePoints(self)
    const drop = new Set(codePoints(set))
    let [start, end] = [0, points.length]
    if (left) while (start < end && drop.has(points[start] ?? "")) start++
    if (right) while (end > start && drop.has(points[end - 1] ?? "")) end--
    return points.slice(start, end).join("")
  })

const reversed = (text: string): string => codePoints(text).toReversed().join("")

const split = (fromEnd: boolean): Method =>
  method("sep? maxsplit?", (self, [separator, maxsplit], meter) => {
    const cuts = count(maxsplit, -1)
    const limit = cuts < 0 ? Number.POSITIVE_INFINITY : cuts
    const by = optional(separator)
    if (by === "") return raise("ValueError")
    const turned = fromEnd && cuts >= 0
    const text = turned ? reversed(self) : self
    const pieces = by === null ? words(text, limit) : cut(text, turned ? reversed(by) : by, limit)
    meter.chargeElements(pieces.length)
    return turned ? pieces.map(reversed).toReversed() : pieces
  })

const cut = (text: string, separator: string, limit: number): readonly string[] => {
  const pieces: string[] = []
  let from = 0
  while (pieces.length < limit) {
    const at = text.indexOf(separator, from)
    if (at === -1) break
    pieces.push(text.slice(from, at))
    from = at + separator.length
  }
  return [...pieces, text.slice(from)]
}

const partition = (fromEnd: boolean): Method =>
  method("sep /", (self, [separator]) => {
    const by = asString(separator ?? null)
    if (by === "") return raise("ValueError")
    const at = fromEnd ? self.lastIndexOf(by) : self.indexOf(by)
    if (at === -1) return new Tuple(fromEnd ? ["", "", self] : [self, "", ""])
    return new Tuple([self.slice(0, at), by, self.slice(at + by.length)])
  })

const replace = method("old / new / count? /", (self, [old, fresh, limit], meter) => {
  const [from, to] = [asString(old ?? null), asString(fresh ?? null)]
  const most = count(limit, -1) < 0 ? Number.POSITIVE_INFINITY : count(limit, -1)
  const pieces = from === "" ? spread(self, most) : cut(self, from, most)
  meter.chargeText(self.length + pieces.length * to.length)
  return pieces.join(to)
})

/** As `replace("", …)` cuts: before every character and at the end, so many times. */
const spread = (text: string, limit: number): readonly string[] => {
  const points = codePoints(text)
  if (limit > points.length) return ["", ...points, ""]
  return limit === 0 ? [text] : ["", ...points.slice(0, limit - 1), points.slice(limit - 1).join("")]
}

const join = method("iterable /", (self, [iterable], meter) => {
  const pieces: string[] = []
  let size = 0
  for (const item of iterate(iterable ?? null, meter)) {
    pieces.push(asString(item))
    size += (pieces.at(-1)?.length ?? 0) + self.length
    meter.chargeText(size)
  }
  return pieces.join(self)
})

const countOf = method("sub / start? / end?", (self, [sub, start, end]) => {
  const wanted = asString(sub ?? null)
  const within = part(self, start, end)
  if (within === undefined) return 0
  return wanted === "" ? lengthOf(within.text) + 1 : cut(within.text, wanted, Number.POSITIVE_INFINITY).length - 1
})

const splitLines = method("keepends?", (self, [keepends]) => linesOf(self, truth(keepends ?? false)))

const zfill = method("width /", (self, [width], meter) => {
  const wide = asIndex(width ?? null)
  meter.chargeText(Math.max(0, wide))
  const sign = /^[+-]/.exec(self)?.[0] ?? ""
  return sign + "0".repeat(Math.max(0, wide - lengthOf(self))) + self.slice(sign.length)
})

const expandTabs = method("tabsize?", (self, [tabsize], meter) => {
  const size = Math.max(0, count(tabsize, 8))
  meter.chargeText(self.length + (self.split("\t").length - 1) * size)
  let column = 0
  return codePoints(self)
    .map((character) => {
      if (character !== "\t") column = character === "\n" || character === "\r" ? 0 : column + 1
      if (character !== "\t" || size === 0) return character === "\t" ? "" : character
      const spaces = size - (column % size)
      column += spaces
      return " ".repeat(spaces)
    })
    .join("")
})

const encode = method("encoding? errors?", (self, [encoding]) => {
  const name = (optional(encoding) ?? "utf-8").toLowerCase().replaceAll("_", "-")
  if (name === "ascii" && !isAscii(self)) return raise("UnicodeEncodeError")
  if (!self.isWellFormed() || !["utf-8", "utf8", "ascii"].includes(name)) return raise("LookupError")
  return Uint8Array.from(new TextEncoder().encode(self))
})

/** What a query may call on a str. `format` and `format_map` are left out, as the reference does. */
export const stringMethods: ReadonlyMap<string, Method> = new Map<string, Method>([
  ...classMethods(method),
  ["find", search(false, false)],
  ["rfind", search(true, false)],
  ["index", search(false, true)],
  ["rindex", search(true, true)],
  ["startswith", affix((text, wanted) => text.startsWith(wanted))],
  ["endswith", affix((text, wanted) => text.endsWith(wanted))],
  ["ljust", justify(() => 0)],
  ["rjust", justify((missing) => missing)],
  ["center", justify((missing, width) => Math.floor(missing / 2) + (missing & width & 1))],
  ["strip", strip(true, true)],
  ["lstrip", strip(true, false)],
  ["rstrip", strip(false, true)],
  ["split", split(false)],
  ["rsplit", split(true)],
  ["partition", partition(false)],
  ["rpartition", partition(true)],
  ["replace", replace],
  ["join", join],
  ["count", countOf],
  ["splitlines", splitLines],
  ["zfill", zfill],
  ["expandtabs", expandTabs],
  ["encode", encode],
  [
    "removeprefix",
    method("prefix /", (self, [prefix]) =>
      self.startsWith(asString(prefix ?? null)) ? self.slice(asString(prefix ?? null).length) : self,
    ),
  ],
  [
    "removesuffix",
    method("suffix /", (self, [suffix]) => {
      const end = asString(suffix ?? null)
      return end !== "" && self.endsWith(end) ? self.slice(0, -end.length) : self
    }),
  ],
])
