import { describe, expect, it } from "vitest"
import { type NameEvent, NameBook } from "../../domain/names.ts"

type Said = Pick<NameEvent, "type" | "data">

const created = (id: string, name: string): Said => ({ type: "ExperimentCreated", data: { id, name, description: "" } })
const renamed = (id: string, from: string, name: string): Said => ({ type: "ExperimentRenamed", data: { id, from, name } })
const deleted = (id: string, name: string): Said => ({ type: "ExperimentDeleted", data: { id, name } })

const bookOf = (...events: readonly Said[]): NameBook => {
  const book = new NameBook()
  for (const [seq, event] of events.entries()) book.apply({ ...event, meta: { writer: "w", seq, part: 0 } })
  return book
}

describe("a spoken name", () => {
  it("has the same id for everyone, of its kind", () => {
    const id = new NameBook().bind("experiment", "baseline")
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(new NameBook().bind("experiment", "baseline")).toBe(id)
    expect(new NameBook().bind("tag", "baseline")).not.toBe(id)
    expect(new NameBook().bind("experiment", "baseline ")).not.toBe(id)
    // In the log for ever: it may not change with the code.
    expect(id).toMatchInlineSnapshot(`"dd3b13dc-c8e0-5f0c-89f9-2202bfd5fedd"`)
  })

  it("stands for its bearer, under its new name too", () => {
    const book = bookOf(created("e1", "a"), renamed("e1", "a", "b"))
    expect(book.bind("experiment", "b")).toBe("e1")
    expect(book.bind("tag", "b")).not.toBe("e1")
  })

  it("that was renamed away means a new one each time", () => {
    const never = new NameBook().bind("experiment", "a")
    const once = bookOf(created(never, "a"), renamed(never, "a", "b")).bind("experiment", "a")
    const twice = bookOf(created(never, "a"), renamed(never, "a", "b"), created(once, "a"), deleted(once, "a")).bind(
      "experiment",
      "a",
    )
    expect(new Set([never, once, twice]).size).toBe(3)
  })

  it("is released by the rename of an entity that only runs have claimed", () => {
    const claimed = new NameBook().bind("experiment", "a")
    const book = bookOf(renamed(claimed, "a", "b"))
    expect(book.bind("experiment", "b")).toBe(claimed)
    expect(book.bind("experiment", "a")).not.toBe(claimed)
  })

  it("is borne by the first that it is given to; what comes too late changes nothing", () => {
    expect(bookOf(created("e2", "a"), created("e1", "a")).bind("experiment", "a")).toBe("e2")
    const late = bookOf(created("e1", "a"), created("e2", "b"), renamed("e2", "b", "a"))
    expect(late.bind("experiment", "a")).toBe("e1")
    expect(late.bind("experiment", "b")).toBe("e2")
    expect(bookOf(created("e1", "a"), renamed("e1", "a", "b"), created("e1", "a")).bearer("experiment", "a")).toBeUndefined()
  })

  it("stands for the entity that runs claim it for, once another that was given it is gone", () => {
    const claimed = new NameBook().bind("experiment", "a")
    expect(bookOf(created("e1", "b"), renamed("e1", "b", "a")).bind("experiment", "a")).toBe("e1")
    expect(bookOf(created("e1", "b"), renamed("e1", "b", "a"), deleted("e1", "a")).bind("experiment", "a")).toBe(claimed)
  })

  it("never means an id that is spent, though the log of another version counted otherwise and used it long ago", () => {
    const first = new NameBook().bind("experiment", "a")
    const freed = [created(first, "a"), deleted(first, "a")]
    const second = bookOf(...freed).bind("experiment", "a")
    const third = bookOf(...freed, created(second, "a"), deleted(second, "a")).bind("experiment", "a")
    const wasDeleted = [created(second, "a"), deleted(second, "a")]
    const wasRenamed = [created(second, "a"), renamed(second, "a", "b")]
    for (const used of [wasDeleted, wasRenamed]) {
      const book = bookOf(...used, ...freed)
      expect(book.bind("experiment", "a")).toBe(third)
      book.apply({ ...created(third, "a"), meta: { writer: "other", seq: 0, part: 0 } })
      expect(book.bearer("experiment", "a")).toBe(third)
    }
  })

  it("Law 2: is the same after an event that was appended again, though others came between", () => {
    const book = bookOf(created("e1", "a"), renamed("e1", "a", "b"))
    const other = { writer: "other", part: 0 }
    book.apply({ ...renamed("e1", "b", "c"), meta: { ...other, seq: 0 } })
    book.apply({ ...renamed("e1", "a", "b"), meta: { writer: "w", seq: 1, part: 0 } })
    expect(book.bind("experiment", "c")).toBe("e1")
  })

  it("is not released by what is repeated, or said of the deleted", () => {
    const once = bookOf(created("e1", "a"), deleted("e1", "a"))
    const more = bookOf(
      created("e1", "a"),
      renamed("e1", "a", "a"),
      deleted("e1", "a"),
      deleted("e1", "a"),
      renamed("e1", "a", "c"),
    )
    expect(more.bind("experiment", "a")).toBe(once.bind("experiment", "a"))
    expect(more.bind("experiment", "c")).toBe(new NameBook().bind("experiment", "c"))
    expect(bookOf(created("e1", "a"), deleted("e1", "a"), created("e1", "a")).bind("experiment", "a")).not.toBe("e1")
  })
})
