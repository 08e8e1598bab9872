/** The compose file as data. */
import { parse } from "yaml"
import { textOf } from "./program.ts"

export interface ComposeService {
  readonly image: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly configs?: readonly { readonly source: string; readonly target: string }[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean }
  readonly restart?: string
  readonly stop_grace_period?: string
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly deploy?: { readonly resources?: { readonly limits?: { readonly cpus?: string; readonly memory?: string } } }
  readonly build?: { readonly target: string; readonly dockerfile: string }
}

export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly volumes: Readonly<Record<string, unknown>>
  readonly configs: Readonly<Record<string, unknown>>
}

export const composeText = (): string => textOf("infra/deploy/compose.yaml")
export const compose = (): Compose => parse(composeText(), { merge: true }) as Compose

/** The services that are this program. */
export const own = ({ services }: Compose): readonly (readonly [string, ComposeService])[] =>
  Object.entries(services).filter(([, { image }]) => image.startsWith("matyan:"))
