/** Asks again until the answer satisfies; the deadline is there for a broken server only. */
export const until = async <A>(
  what: string,
  ask: () => Promise<A> | A,
  isEnough: (answer: A) => boolean,
  mostSeconds = 120,
): Promise<A> => {
  const end = performance.now() + mostSeconds * 1000
  for (;;) {
    const answer = await ask()
    if (isEnough(answer)) return answer
    if (performance.now() > end) throw new Error(`waited ${mostSeconds} s for ${what}; last seen: ${JSON.stringify(answer)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
