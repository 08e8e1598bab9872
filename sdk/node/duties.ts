/** Duties in a spool's folder: a JSON file each, and a file of bytes beside where they have no file of their own. */
import { existsSync, openAsBlob, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Duty } from "../platform.ts"

const jsonOf = (folder: string, number: number): string => join(folder, `${number}.duty.json`)
const blobOf = (folder: string, number: number): string => join(folder, `${number}.blob`)

/** Written beside and renamed, so that none is ever half there. */
const write = (file: string, content: string | Uint8Array): void => {
  const beside = `${file}.part`
  try {
    writeFileSync(beside, content)
    renameSync(beside, file)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
}

export const writeDuty = (folder: string, duty: Duty, bytes: Uint8Array | null): void => {
  if (bytes !== null) write(blobOf(folder, duty.number), bytes)
  try {
    write(jsonOf(folder, duty.number), JSON.stringify(duty))
  } catch (error) {
    rmSync(blobOf(folder, duty.number), { force: true })
    throw error
  }
}

/** In the order of their numbers. */
export const readDuties = (folder: string): readonly Duty[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".duty.json"))
    .map((name) => dutyIn(join(folder, name)))
    .toSorted((a, b) => a.number - b.number)

export const dutyBlob = (folder: string, number: number): Promise<Blob> => openAsBlob(blobOf(folder, number))

export const dutyBlobBytes = (folder: string, number: number): number =>
  statSync(blobOf(folder, number), { throwIfNoEntry: false })?.size ?? 0

/** Removes a duty, and what was gathered for it. */
export const removeDuty = (folder: string, number: number): void => {
  const json = jsonOf(folder, number)
  const { file } = existsSync(json) ? dutyIn(json) : { file: null }
  rmSync(json, { force: true })
  rmSync(blobOf(folder, number), { force: true })
  if (file?.isGathered === true) rmSync(file.path, { force: true })
}

// Written by `writeDuty`, whole or not at all.
const dutyIn = (file: string): Duty => JSON.parse(readFileSync(file, "utf8")) as Duty
