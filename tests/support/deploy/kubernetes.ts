/** Whether an object is one that Kubernetes takes, with no field that it does not know. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Ajv } from "ajv"
import { kubernetesSchemas } from "./tools.ts"

export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Labels; readonly annotations?: Labels }
  readonly spec?: unknown
  readonly data?: Labels
}
export type Labels = Readonly<Record<string, string>>

interface Described {
  readonly [key: string]: unknown
  readonly properties?: Readonly<Record<string, Described>>
  readonly "x-kubernetes-group-version-kind"?: readonly {
    readonly group: string
    readonly version: string
    readonly kind: string
  }[]
}

/** Answers what is wrong with an object, or null. */
export const objectChecker = async (): Promise<(object: KubernetesObject) => string | null> => {
  const folder = await kubernetesSchemas()
  const read = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8").replaceAll("#/components/schemas/", "#/definitions/")) as { readonly definitions?: Definitions; readonly components?: { readonly schemas: Definitions } } // prettier-ignore
  const definitions = {
    ...read("autoscaling-v2.json").components?.schemas,
    ...read("swagger.json").definitions,
    ...notDescribedThere,
  }
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true })
  ajv.addSchema({ $id: "kubernetes", definitions: Object.fromEntries(Object.entries(definitions).map(([name, one]) => [name, strict(one)])) }) // prettier-ignore
  const names = new Map(
    Object.entries(definitions).flatMap(
      ([name, one]) =>
      (one["x-kubernetes-group-version-kind"] ?? []).map(({ group, version, kind }) => [`${group === "" ? "" : `${group}/`}${version} ${kind}`, name] as const), // prettier-ignore
    ),
  )
  return (object) => {
    const name = names.get(`${object.apiVersion} ${object.kind}`)
    if (name === undefined) return `there is no ${object.apiVersion} ${object.kind}`
    const isValid = ajv.validate(`kubernetes#/definitions/${name}`, object)
    return isValid ? null : ajv.errorsText(ajv.errors, { dataVar: `${object.kind} ${object.metadata.name}` })
  }
}

type Definitions = Readonly<Record<string, Described>>

/** Every object closed, so that a mistyped field is found; what may be a number or a text may be both. */
const strict = (described: Described): Described => {
  const { format, properties, ...rest } = described
  if (format === "int-or-string") return { type: ["integer", "string"] }
  const inner = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, isDescribed(value) ? strict(value) : value]))
  if (properties === undefined) return inner
  return {
    additionalProperties: false,
    ...inner,
    properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, strict(one)])),
  }
}

const isDescribed = (value: unknown): value is Described => typeof value === "object" && value !== null && !Array.isArray(value)

const meta = { $ref: "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" }
const selector = { $ref: "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector" }
const kind = (group: string, version: string, name: string, spec: Readonly<Record<string, Described>>, required: readonly string[]): Described => ({ type: "object", "x-kubernetes-group-version-kind": [{ group, version, kind: name }], required: ["metadata", "spec"], properties: { apiVersion: {}, kind: {}, metadata: meta, spec: { type: "object", required, properties: spec } } }) // prettier-ignore

/** Two kinds that the fetched descriptions lack, as their references tell of them. */
const notDescribedThere: Definitions = {
  PodDisruptionBudget: kind(
    "policy",
    "v1",
    "PodDisruptionBudget",
    {
      minAvailable: { format: "int-or-string" },
      maxUnavailable: { format: "int-or-string" },
      selector,
      unhealthyPodEvictionPolicy: { enum: ["IfHealthyBudget", "AlwaysAllow"] },
    },
    ["selector"],
  ),
  ServiceMonitor: kind(
    "monitoring.coreos.com",
    "v1",
    "ServiceMonitor",
    {
      selector,
      podTargetLabels: { type: "array", items: { type: "string" } },
      endpoints: {
        type: "array",
        items: {
          type: "object",
          properties: { port: { type: "string" }, path: { type: "string" }, interval: { type: "string" } },
        },
      },
    },
    ["selector", "endpoints"],
  ),
}
