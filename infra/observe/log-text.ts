/** Log lines as people read them: `12:03:11.250 WARN  message key=value`. */
import { Writable } from "node:stream"

export const textLines = (out: NodeJS.WritableStream): Writable =>
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      out.write(chunk.toString().split("\n").filter(Boolean).map(textOf).join(""))
      done()
    },
  })

const textOf = (line: string): string => {
  const { level, time, msg, role: _role, ...fields } = JSON.parse(line) as Readonly<Record<string, unknown>>
  const said = Object.entries(fields).map(
    ([key, value]) => ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  )
  return `${String(time).slice(11, 23)} ${String(level).toUpperCase().padEnd(5)} ${String(msg)}${said.join("")}\n`
}
