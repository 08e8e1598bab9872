/** Why a query is not run, as a value. Lines and offsets count from 1, in characters of the wrapped source, as Python's do. */
export interface QuerySyntaxError {
  readonly _tag: "QuerySyntaxError"
  readonly message: string
  readonly line: number
  readonly offset: number
  readonly endLine: number
  readonly endOffset: number
}

/** The query names something that no query may touch. */
export interface QueryForbidden {
  readonly _tag: "QueryForbidden"
  readonly message: string
  readonly line: number
  readonly offset: number
  readonly endOffset: number
}

/** The query is longer, deeper or larger than queries may be. */
export interface QueryTooLarge {
  readonly _tag: "QueryTooLarge"
  readonly message: string
  readonly limit: number
}

export type QueryRefused = QuerySyntaxError | QueryForbidden | QueryTooLarge

/** Thrown by an evaluation that goes beyond its limits: the whole search ends with it, unlike a Python exception. */
export class QueryTooDear extends Error {
  readonly _tag = "QueryTooDear"
}

/** Where the text is wrong; caught where parsing began, and told as a {@link QuerySyntaxError}. */
export class SyntaxFault extends Error {
  readonly start: number
  readonly end: number
  /** No position; the caller reports Python's end offset of 0. */
  readonly openEnd: boolean
  constructor(message: string, start: number, end: number, openEnd = false) {
    super(message)
    this.start = start
    this.end = end
    this.openEnd = openEnd
  }
}

/** The text nests deeper than the parser follows. */
export class DepthFault extends Error {}

export const limits = {
  /** Bytes of UTF-8 in a query. */
  sourceBytes: 65_536,
  depth: 64,
  /** Nodes of the syntax tree; literals in a list, tuple or set are free, for long lists of hashes. */
  nodes: 5_000,
  /** Steps of one evaluation; every node is one, each time it may run. */
  steps: 100_000,
  /** Characters of a string that an evaluation makes. */
  stringLength: 1_000_000,
  /** Elements of a collection that an evaluation makes. */
  elements: 100_000,
  /** Bits of an int that an evaluation makes. */
  intBits: 65_536,
} as const
