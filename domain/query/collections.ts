import { compareBytes, dictOf, equals, keyOf, same } from "./equality.ts"
import { Wrapped } from "./objects.ts"
import { codePoints, hasSurrogates, lengthOf } from "./text.ts"
import {
  asIndex,
  asInt,
  Dict,
  isList,
  isStoredDict,
  type Key,
  type Meter,
  PyIterator,
  PyObject,
  PySet,
  PySlice,
  type PyValue,
  raise,
  Range,
  Float,
  Tuple,
} from "./values.ts"

/** `bool(value)`. */
export const truth = (value: PyValue): boolean => {
  switch (typeof value) {
    case "boolean":
      return value
    case "number":
      return value !== 0
    case "bigint":
      return true
    case "string":
      return value !== ""
    default:
  }
  if (value === null) return false
  if (value instanceof Float) return value.value !== 0
  if (value instanceof PyObject) return value.isTrue()
  return length(value) > 0
}

/** `len(value)`; raises for what has none. */
export const length = (value: PyValue): number => {
  if (typeof value === "string") return lengthOf(value)
  if (isList(value) || value instanceof Uint8Array || value instanceof Range) return value.length
  if (value instanceof Tuple) return value.items.length
  if (value instanceof Dict) return value.entries.size
  if (value instanceof PySet) return value.items.size
  if (isStoredDict(value)) return value.size
  return value instanceof Wrapped ? value.map.size : raise("TypeError")
}

/** The values that iterating gives, lazily; each one is charged. */
export const iterate = (value: PyValue, meter: Meter): Iterable<PyValue> => {
  if (value instanceof PyIterator) return resume(value.values, meter)
  const items = itemsOf(value)
  return items ?? (value instanceof Range ? counted(value, meter) : raise("TypeError"))
}

/** The items of what holds its items, without charge; undefined for others. */
const itemsOf = (value: PyValue): readonly PyValue[] | undefined => {
  if (isList(value)) return value
  if (value instanceof Tuple) return value.items
  if (typeof value === "string") return codePoints(value)
  if (value instanceof PySet) return [...value.items.values()]
  if (value instanceof Dict) return [...value.entries.values()].map(([key]) => key)
  if (isStoredDict(value)) return [...value.keys()]
  if (value instanceof Wrapped) return [...value.map.keys()]
  return value instanceof Uint8Array ? [...value] : undefined
}

/** Not `yield*`: an iterator that is left early must stay where it is, for the query may go on with it. */
const resume = (values: Iterator<PyValue>, meter: Meter): Iterable<PyValue> => ({
  [Symbol.iterator]: () => ({
    next: () => {
      meter.charge(1)
      return values.next()
    },
  }),
})

function* counted(range: Range, meter: Meter): Generator<PyValue> {
  for (let at = 0; at < range.length; at++) {
    meter.charge(1)
    yield range.start + at * range.step
  }
}

/** All that iterating gives, charged and bounded. */
export const list = (value: PyValue, meter: Meter): readonly PyValue[] => {
  const items = itemsOf(value)
  if (items !== undefined) {
    meter.chargeElements(items.length)
    return items
  }
  const made: PyValue[] = []
  for (const item of iterate(value, meter)) {
    made.push(item)
    meter.chargeElements(1)
  }
  return made
}

/** `value in container`. */
export const contains = (container: PyValue, value: PyValue, meter: Meter): boolean => {
  if (typeof container === "string") return typeof value === "string" ? container.includes(value) : raise("TypeError")
  if (isList(container)) return holds(container, value, meter)
  if (container instanceof Tuple) return holds(container.items, value, meter)
  if (container instanceof PySet)
    return container.items.has(keyOf(value instanceof PySet ? new PySet(value.items, true) : value, meter))
  if (container instanceof Dict) return container.entries.has(keyOf(value, meter))
  if (isStoredDict(container)) return dictOf(container)?.entries.has(keyOf(value, meter)) ?? false
  if (container instanceof Uint8Array) return bytesContain(container, value)
  if (container instanceof Range || container instanceof PyIterator) {
    for (const item of iterate(container, meter)) if (same(item, value, meter)) return true
    return false
  }
  return container instanceof PyObject ? container.contains(value, meter) : raise("TypeError")
}

const holds = (items: readonly PyValue[], value: PyValue, meter: Meter): boolean => {
  meter.charge(items.length >> 4)
  for (const item of items)
    if (item === value ? typeof item !== "number" || !Number.isNaN(item) : equals(item, value, meter)) return true
  return false
}

const bytesContain = (container: Uint8Array, value: PyValue): boolean => {
  if (!(value instanceof Uint8Array)) return container.includes(Number(asInt(value) ?? raise("TypeError")))
  for (let at = 0; at + value.length <= container.length; at++)
    if (compareBytes(container.subarray(at, at + value.length), value) === 0) return true
  return false
}

/** `value[index]`. */
export const item = (value: PyValue, index: PyValue, meter: Meter): PyValue => {
  if (value instanceof Dict || isStoredDict(value)) return dictItem(dictOf(value), keyOf(index, meter))
  if (value instanceof PyObject && !(value instanceof Range)) return value.item(index, meter)
  if (index instanceof PySlice) return slice(value, index, meter)
  const whole = asInt(index)
  if (whole === undefined || value === null || typeof value === "boolean") return raise("TypeError")
  if (typeof value === "string" && hasSurrogates(value)) return at(codePoints(value), asIndex(whole)) ?? raise("IndexError")
  if (typeof value === "string" || isList(value) || value instanceof Uint8Array) return at(value, asIndex(whole)) ?? null
  if (value instanceof Tuple) return at(value.items, asIndex(whole)) ?? null
  return value instanceof Range ? (at(rangeItems(value), asIndex(whole)) ?? null) : raise("TypeError")
}

const at = <A>(items: { readonly length: number; readonly [index: number]: A }, index: number): A | undefined => {
  const position = index < 0 ? index + items.length : index
  return position >= 0 && position < items.length ? items[position] : raise("IndexError")
}

const rangeItems = (range: Range): readonly number[] =>
  Array.from({ length: range.length }, (_, position) => range.start + position * range.step)

const dictItem = (dict: Dict | undefined, key: Key): PyValue => {
  const entry = dict?.entries.get(key)
  return entry === undefined ? raise("KeyError") : entry[1]
}

const slice = (value: PyValue, bounds: PySlice, meter: Meter): PyValue => {
  if (typeof value === "string") {
    const points = hasSurrogates(value) ? codePoints(value) : undefined
    const [start, stop, step] = sliceBounds(bounds, points?.length ?? value.length)
    if (points === undefined && step === 1) return value.slice(start, Math.max(start, stop))
    return pick(points ?? Array.from(value), start, stop, step).join("")
  }
  const items = itemsOf(value) ?? (value instanceof Range ? rangeItems(value) : raise("TypeError"))
  const [start, stop, step] = sliceBounds(bounds, items.length)
  const picked = pick(items, start, stop, step)
  meter.chargeElements(picked.length)
  if (value instanceof Tuple) return new Tuple(picked)
  if (value instanceof Uint8Array) return Uint8Array.from(picked, Number)
  if (value instanceof Range)
    return new Range(value.start + start * value.step, value.start + stop * value.step, value.step * step)
  return isList(value) ? picked : raise("TypeError")
}

/** Python's PySlice_AdjustIndices. */
export const sliceBounds = ({ bounds }: PySlice, size: number): readonly [start: number, stop: number, step: number] => {
  const step = bounds[2] === null ? 1 : asIndex(bounds[2])
  if (step === 0) return raise("ValueError")
  const clamp = (bound: PyValue, missing: number): number => {
    if (bound === null) return missing
    const index = asIndex(bound)
    const position = index < 0 ? index + size : index
    return step < 0 ? Math.min(Math.max(position, -1), size - 1) : Math.min(Math.max(position, 0), size)
  }
  return [clamp(bounds[0], step < 0 ? size - 1 : 0), clamp(bounds[1], step < 0 ? -1 : size), step]
}

const pick = <A>(items: readonly A[], start: number, stop: number, step: number): A[] => {
  if (step === 1) return items.slice(start, Math.max(start, stop))
  const picked: A[] = []
  for (let position = start; step > 0 ? position < stop : position > stop; position += step) {
    const item = items[position]
    if (item !== undefined) picked.push(item)
  }
  return picked
}
