/** `node sdk-spool-process.ts <place>` appends to a spool until it is killed; with `take` it takes what is left, and holds it. */
import { writeSync } from "node:fs"
import { fileLeftovers, openFileSpool } from "../../sdk/node/spool.ts"

const [place, way] = process.argv.slice(2)
const settings = { place: place!, mostBytes: 2 ** 32 }

if (way === "take") {
  const spools = await fileLeftovers(settings)
  writeSync(1, String(spools.length))
  // Whoever started it ends it, when all have looked.
  process.stdin.resume()
} else {
  const spool = await openFileSpool(settings, "ab".repeat(16), "run", "http://gateway.test")
  for (let seq = 0; seq < 100_000; seq++) {
    spool.append({ seq, bytes: new Uint8Array((seq * 7919) % 20_000).fill(seq) })
    if (seq % 50 === 0) {
      const duty = { number: spool.nextDuty, message: "{}", blobPath: `${seq}`, contentType: "text/plain", file: null }
      spool.addDuty(duty, new Uint8Array(5_000))
    }
    // Each line goes out before the next frame is begun.
    writeSync(1, `${seq}\n`)
  }
}
