/** Says twice a second how far something is, how fast it goes and how long it will take; null: silently. */
export const steadyProgress = (out: NodeJS.WritableStream | null, what: string, total?: number) => {
  const start = performance.now()
  let count = 0
  let said = start
  const say = (): void => {
    const seconds = Math.max(0.001, (performance.now() - start) / 1000)
    const rate = count / seconds
    const left = total === undefined || rate === 0 ? "" : `, ${Math.ceil(Math.max(0, total - count) / rate)} s left`
    const of = total === undefined ? "" : ` of ${total.toLocaleString("en")}`
    out?.write(`${count.toLocaleString("en")}${of} ${what}, ${Math.round(rate).toLocaleString("en")} a second${left}\n`)
  }
  return {
    did: (more: number): void => {
      count += more
      if (performance.now() - said < 500) return
      said = performance.now()
      say()
    },
    done: say,
  }
}
