/** The kinds of objects that are shown step by step, and how one item of each is sent. */
import { toJson } from "../../domain/json-text.ts"
import { isMap, numberOf, type Value, type ValueMap } from "../../domain/value.ts"
import { numpy, type Tree } from "./stream-codec.ts"

/** What an item is shown with: its position among all that were logged at its step, and the address of its bytes. */
export interface ItemPlace {
  readonly index: number
  readonly uri: () => string
}

export interface ObjectKind {
  /** As it stands in addresses and queries. */
  readonly name: "images" | "texts" | "distributions" | "audios" | "figures"
  /** As sequences have it stored. */
  readonly dtype: string
  /** Whether several are shown for one step, as a list. */
  readonly isList: boolean
  readonly tree: (item: ValueMap, place: ItemPlace) => Tree
}

const text = (item: ValueMap, field: string, missing = ""): string => {
  const value = item.get(field)
  return typeof value === "string" ? value : missing
}

const images: ObjectKind = {
  name: "images",
  dtype: "image",
  isList: true,
  tree: (item, { index, uri }) => ({
    caption: text(item, "caption"),
    width: item.get("width") ?? null,
    height: item.get("height") ?? null,
    format: text(item, "format", "png"),
    blob_uri: uri(),
    index,
  }),
}

const audios: ObjectKind = {
  name: "audios",
  dtype: "audio",
  isList: true,
  tree: (item, { index, uri }) => ({
    caption: text(item, "caption"),
    format: text(item, "format", "wav"),
    blob_uri: uri(),
    index,
  }),
}

const texts: ObjectKind = {
  name: "texts",
  dtype: "text",
  isList: true,
  tree: (item, { index }) => ({ data: text(item, "data"), index }),
}

const distributions: ObjectKind = {
  name: "distributions",
  dtype: "distribution",
  isList: false,
  tree: (item) => {
    const data = item.get("data")
    const weights = (Array.isArray(data) ? (data as readonly Value[]) : []).map((weight) => numberOf(weight) ?? Number.NaN)
    const bins = item.get("bin_count")
    const count = typeof bins === "number" ? bins : weights.length
    return { data: numpy(weights, count), bin_count: count, range: item.get("range") ?? [] }
  },
}

const figures: ObjectKind = {
  name: "figures",
  dtype: "figure",
  isList: false,
  tree: (item, { index }) => {
    const data = item.get("data") ?? null
    return { data: typeof data === "string" ? data : spacedJson(data), index }
  },
}

export const objectKinds: readonly ObjectKind[] = [images, texts, distributions, audios, figures]

/** JSON with a space after each comma and colon, as Python prints it; NaN is null, which JSON would lack. */
const spacedJson = (value: Value): string => {
  if (isMap(value)) return `{${[...value].map(([key, item]) => `${JSON.stringify(key)}: ${spacedJson(item)}`).join(", ")}}`
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(spacedJson).join(", ")}]`
  return toJson(value, { nonFinite: "null" })
}
