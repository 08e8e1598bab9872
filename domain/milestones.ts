/**
 * The points of the program at which a crash matters. To reach one does nothing; tests listen, and end the process there.
 * What must hold after an end at any of them is Law 3 and Law 9.
 */
export const milestones = [
  "log: writer lock taken",
  "log: before commit",
  "log: after commit",
  "frame: before answer",
  "command: appended",
  "names: heard",
  "store: before commit",
  "store: after commit",
  "fold: before commit",
  "fold: after commit",
  "job: before slice",
  "job: after slice",
  "letter: buried",
  "letter: set aside",
  "rebuild: opened",
  "rebuild: some folded",
  "rebuild: before hold",
  "rebuild: held",
  "rebuild: swapped",
  "rebuild: removing",
  "rebuild: removed",
  "blob: received",
  "blob: content in place",
  "blob: described",
  "blob: before answer",
  "blob: removing",
  "trash: purge stated",
  "trash: orphans stated",
  "trash: before removal",
  "trash: some removed",
  "trash: removed",
  "trash: removal stated",
  "registry: schema kept",
  "secret: drawn",
] as const

export type Milestone = (typeof milestones)[number]

let listener: ((milestone: Milestone) => void) | undefined

/** The program is at one of the points; it costs next to nothing while nobody listens. */
export const reached = (milestone: Milestone): void => {
  if (listener !== undefined) listener(milestone)
}

/** Hears of each milestone of this thread from now on, in the middle of whatever reaches it. For tests. */
export const onMilestone = (hear: (milestone: Milestone) => void): void => {
  listener = hear
}
