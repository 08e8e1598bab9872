/** Where the first of the sorted strings stands that is not below the key. */
export const firstAtOrAfter = (sorted: readonly string[], key: string): number => firstWhere(sorted, (each) => each >= key)

/** Where the first of the sorted strings stands that is above the key. */
export const firstAfter = (sorted: readonly string[], key: string): number => firstWhere(sorted, (each) => each > key)

const firstWhere = (sorted: readonly string[], holds: (each: string) => boolean): number => {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(sorted[middle]!)) high = middle
    else low = middle + 1
  }
  return low
}
