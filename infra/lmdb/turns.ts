/** Lets one caller in at a time, in the order in which they came. */
export const turns = () => {
  let last: Promise<unknown> = Promise.resolve()
  return <A>(act: () => Promise<A>): Promise<A> => {
    const turn = last.then(act)
    last = turn.catch(() => undefined)
    return turn
  }
}
