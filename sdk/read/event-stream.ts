/** Server-sent events, as WHATWG's HTML describes them in section 9.2. */

/** What a stretch of the stream says. */
export interface StreamEvent {
  /** `message` where the stream does not say. */
  readonly event: string
  /** Null where it only brings a newer id. */
  readonly data: string | null
  /** The last id that the stream told, with this event or before. */
  readonly id: string
}

/** Takes text as it comes and answers the events that are complete. */
export class EventReader {
  #rest = ""
  #event = ""
  #data: string[] = []
  #id = ""
  #newId = false
  /** What the server says: milliseconds to wait before connecting again. */
  retryMillis: number | null = null

  read(text: string): readonly StreamEvent[] {
    const all = this.#rest + text
    // A return at the end may be half of a line's end.
    const end = all.endsWith("\r") ? all.length - 1 : all.length
    const lines = all.slice(0, end).split(/\r\n|\n|\r/)
    this.#rest = (lines.pop() ?? "") + all.slice(end)
    return lines.flatMap((line) => this.#line(line))
  }

  #line(line: string): readonly StreamEvent[] {
    if (line === "") return this.#dispatch()
    const colon = line.indexOf(":")
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "")
    if (field === "data") this.#data.push(value)
    else if (field === "event") this.#event = value
    else if (field === "id" && !value.includes("\0")) {
      this.#id = value
      this.#newId = true
    } else if (field === "retry" && /^\d+$/.test(value)) this.retryMillis = Number(value)
    return []
  }

  #dispatch(): readonly StreamEvent[] {
    const isNews = this.#data.length > 0 || this.#newId
    const data = this.#data.length === 0 ? null : this.#data.join("\n")
    const told = { event: this.#event === "" ? "message" : this.#event, data, id: this.#id }
    this.#event = ""
    this.#data = []
    this.#newId = false
    return isNews ? [told] : []
  }
}
