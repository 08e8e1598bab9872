import { bindArguments, signature } from "./arguments.ts"
import { Callable, type Meter, type PyValue } from "./values.ts"

type Bound = readonly (PyValue | undefined)[]

/** A function with named parameters. */
export const builtin = (parameters: string, run: (bound: Bound, meter: Meter) => PyValue): Callable => {
  const known = signature(parameters)
  return new Callable((args, keywords, meter) => run(bindArguments(known, args, keywords), meter))
}

/** A parameter that may be left out, as None. */
export const given = (value: PyValue | undefined): PyValue => value ?? null
