/** All that an iterable has; `Array.fromAsync` is too young for all that this runs on. */
export const gathered = async <A>(items: AsyncIterable<A>): Promise<readonly A[]> => {
  const all: A[] = []
  for await (const item of items) all.push(item)
  return all
}
