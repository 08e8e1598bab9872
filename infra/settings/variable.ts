/** One thing that can be set by an environment variable, and the kinds of values there are. */
import { Config, ConfigProvider, Effect } from "effect"

export interface Variable<A> {
  readonly name: string
  readonly says: string
  /** What holds where it is not set, in words. */
  readonly fallback: string
  readonly config: Config.Config<A>
}

type Kind<A> = (name: string) => Config.Config<A>

export const variable = <A>(name: string, kind: Kind<A>, fallback: A, says: string, shown = String(fallback)): Variable<A> => ({
  name,
  says,
  fallback: shown,
  config: kind(name).pipe(Config.withDefault(fallback)),
})

export const optional = <A>(name: string, kind: Kind<A>, says: string, shown: string): Variable<A | undefined> => ({
  name,
  says,
  fallback: shown,
  config: kind(name).pipe(Config.withDefault<A | undefined>(undefined)),
})

/** The values of several variables together. */
export const configsOf = <V extends Readonly<Record<string, Variable<unknown>>>>(of: V) =>
  Object.fromEntries(Object.entries(of).map(([key, { config }]) => [key, config])) as {
    readonly [K in keyof V]: V[K]["config"]
  }

export const invalid = (message: string): Config.ConfigError =>
  new Config.ConfigError(new ConfigProvider.SourceError({ message }))

const checked =
  <A>(kind: Kind<A>, problem: (value: A) => string | null): Kind<A> =>
  (name) =>
    kind(name).pipe(
      Config.mapEffect((value) => {
        const wrong = problem(value)
        return wrong === null ? Effect.succeed(value) : Effect.fail(invalid(`${name} ${wrong}`))
      }),
    )

export const text: Kind<string> = Config.String

export const positive = checked(Config.Int, (value) => (value > 0 ? null : `must be above 0, not ${value}`))

/** A port to listen at; 0 stands for any that is free. */
export const port = checked(Config.Int, (value) =>
  value >= 0 && value <= 65_535 ? null : `must be a port from 0 to 65535, not ${value}`,
)

/** Hours, minutes or whatever the variable's name says: any number from 0 on. */
export const duration = checked(Config.Finite, (value) => (value >= 0 ? null : "must not be negative"))

export const share = checked(Config.Finite, (value) => (value >= 0 && value <= 1 ? null : `must be from 0 to 1, not ${value}`))

/** The address of a server. Credentials have no place in it: addresses are shown and logged. */
export const address = checked(Config.String, (value) => {
  const url = URL.parse(value)
  if (url === null || !/^https?:$/.test(url.protocol)) return "must be an address such as http://localhost:4318"
  return url.username === "" && url.password === "" ? null : "must not have credentials in it"
})

/** Thirty-two bytes in URL-safe base64. */
export const secret = checked(Config.String, (value) =>
  Buffer.from(value, "base64url").length === 32 ? null : "must be 32 bytes in URL-safe base64",
)

/** One of a few words, in capitals or not. */
export const oneOf =
  <const W extends string>(...words: readonly W[]): Kind<W> =>
  (name) =>
    Config.String(name).pipe(
      Config.mapEffect((value) => {
        const word = words.find((each) => each.toLowerCase() === value.toLowerCase())
        return word === undefined
          ? Effect.fail(invalid(`${name} must be one of ${words.join(", ")}, not ${value}`))
          : Effect.succeed(word)
      }),
    )

/** A list of texts, with commas between them; at least one. */
export const list: Kind<readonly string[]> = (name) =>
  Config.String(name).pipe(
    Config.mapEffect((value) => {
      const items = value.split(",").flatMap((item) => (item.trim() === "" ? [] : [item.trim()]))
      return items.length > 0 ? Effect.succeed(items) : Effect.fail(invalid(`${name} names nothing`))
    }),
  )

/** A list of texts, as JSON. */
export const jsonList: Kind<readonly string[]> = (name) =>
  Config.String(name).pipe(
    Config.mapEffect((value) => {
      try {
        const parsed: unknown = JSON.parse(value)
        if (Array.isArray(parsed) && parsed.every((item) => typeof item === "string"))
          return Effect.succeed(parsed as readonly string[])
      } catch {
        // Said below, as for any other text.
      }
      return Effect.fail(invalid(`${name} must be a JSON list of texts, such as ["http://localhost:3000"]`))
    }),
  )
