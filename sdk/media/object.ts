/** What is logged step by step beside metrics: texts, figures and objects of the user's own. */
import type { Logbook } from "../logbook.ts"
import { attempt } from "./attempt.ts"

/** Where in its sequence an object stands. */
export interface ObjectOptions {
  /** A whole number; counts on from the sequence's last where it is absent. One object of a name and context has a step. */
  readonly step?: number
  /** A whole number. */
  readonly epoch?: number
  /** What tells sequences of one name apart, such as `{ subset: "train" }`. */
  readonly context?: Readonly<Record<string, unknown>>
}

/** The kinds that readers know how to show; anything else is `custom`. */
export type ObjectKind = "image" | "audio" | "text" | "distribution" | "figure" | "custom"

/** The message that logs an object, by the time it is made. */
export const objectMessage = (
  kind: ObjectKind,
  name: string,
  value: object,
  { step, epoch, context }: ObjectOptions,
): Readonly<Record<string, unknown>> => ({
  type: "log_custom_object",
  name,
  value,
  step: step ?? null,
  epoch: epoch ?? null,
  context: context ?? null,
  dtype: kind,
  client_datetime: new Date().toISOString(),
})

/** Logs a text, such as a sample or a model's answer. */
export const text = (book: Logbook, name: string, data: string, options: ObjectOptions = {}): void =>
  attempt(book, `text ${name}`, () =>
    // Texts that were cut between two surrogates are common, and the server would refuse them.
    book.message(objectMessage("text", name, { type: "text", data: String(data).toWellFormed() }, options)),
  )

/** A Plotly figure as JSON: `{ data, layout }`, or what turns itself into that by `toJSON`. */
export interface Figure {
  readonly data?: unknown
  readonly layout?: unknown
  readonly toJSON?: () => unknown
}

/** Logs a figure as Plotly draws it. Numbers that JSON lacks (NaN, ±Infinity) become gaps. */
export const figure = (book: Logbook, name: string, shown: Figure, options: ObjectOptions = {}): void =>
  attempt(book, `figure ${name}`, () => {
    const { data, layout = {}, ...rest } = (shown.toJSON?.() ?? shown) as Figure
    if (!Array.isArray(data)) throw new Error("its data is no list of traces")
    book.message(objectMessage("figure", name, { type: "figure", data: { data, layout, ...rest } }, options))
  })

/** Logs an object of the user's own shape, as JSON. */
export const custom = (book: Logbook, name: string, value: object, options: ObjectOptions = {}): void =>
  attempt(book, `object ${name}`, () => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new Error("it has no names, as { rows: […] } has")
    book.message(objectMessage("custom", name, value, options))
  })
