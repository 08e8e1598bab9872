/** Which page holds a spool: by a lock of the browser, which goes with the page; where there are none, by a sign of life. */
import { answerOf, done, type SpoolRow } from "./database.ts"

const beatMillis = 5_000
/** Pages in the background may be let run only once a minute. */
const deadMillis = 150_000

/** Lets go of a spool. */
export type LetGo = () => Promise<void>

/** Takes hold of a spool and answers how to let go of it; null where another page has it. */
export const takeHold = (database: IDBDatabase, row: SpoolRow): Promise<LetGo | null> => {
  const { locks } = navigator as Partial<Navigator>
  return locks === undefined ? holdByBeat(database, row) : holdByLock(locks, `${database.name} ${row.writer}`)
}

const holdByLock = (locks: LockManager, name: string): Promise<LetGo | null> =>
  new Promise((resolve, reject) => {
    const held = locks.request(name, { ifAvailable: true }, (lock) => {
      if (lock === null) return resolve(null)
      return new Promise<void>((end) =>
        resolve(async () => {
          end()
          await held
        }),
      )
    })
    held.catch(reject)
  })

const holdByBeat = async (database: IDBDatabase, row: SpoolRow): Promise<LetGo | null> => {
  const change = async (to: (known: SpoolRow | undefined) => SpoolRow | null): Promise<boolean> => {
    const transaction = database.transaction("spools", "readwrite")
    const spools = transaction.objectStore("spools")
    const changed = to((await answerOf(spools.get(row.writer))) as SpoolRow | undefined)
    if (changed !== null) spools.put(changed)
    await done(transaction)
    return changed !== null
  }
  const isTaken = await change((known) =>
    Date.now() - (known?.beat ?? 0) < deadMillis ? null : { ...(known ?? row), beat: Date.now() },
  )
  if (!isTaken) return null
  // A spool that is closed and empty is removed by then.
  const beat = (now: number): Promise<unknown> => change((known) => (known === undefined ? null : { ...known, beat: now }))
  const timer = setInterval(() => void beat(Date.now()).catch(() => {}), beatMillis)
  return async () => {
    clearInterval(timer)
    await beat(0).catch(() => {})
  }
}
