/** Small PNG and WAV files that can be told apart by eye and ear. */
import { crc32, deflateSync } from "node:zlib"

/** A square of `size` pixels: a disc on a gradient; `hue` from 0 to 1, `grown` from 0 to 1 is the disc's share of the width. */
export const png = (size: number, hue: number, grown: number): Buffer => {
  const rows = Array.from({ length: size }, (_, y) => {
    const row = Buffer.alloc(1 + 3 * size)
    for (let x = 0; x < size; x++) {
      const inside = Math.hypot(x - size / 2, y - size / 2) < (size / 2) * grown
      const shade = inside ? 255 : (160 * y) / size
      const turn = 2 * Math.PI * hue
      for (let channel = 0; channel < 3; channel++)
        row[1 + 3 * x + channel] = Math.round(shade * (0.5 + 0.5 * Math.cos(turn - (channel * 2 * Math.PI) / 3)))
    }
    return row
  })
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const body = [chunk("IHDR", header), chunk("IDAT", deflateSync(Buffer.concat(rows))), chunk("IEND", Buffer.alloc(0))]
  return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), ...body])
}

const chunk = (name: string, content: Buffer): Buffer => {
  const named = Buffer.concat([Buffer.from(name, "latin1"), content])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, checksum])
}

/** A tone of half a second: 16-bit mono PCM at 8,000 samples a second. */
export const wav = (hertz: number): Buffer => {
  const rate = 8_000
  const samples = Buffer.alloc(rate)
  for (let i = 0; i < rate / 2; i++) samples.writeInt16LE(Math.round(12_000 * Math.sin((2 * Math.PI * hertz * i) / rate)), 2 * i)
  const header = Buffer.alloc(44)
  header.write("RIFF", 0, "latin1")
  header.writeUInt32LE(36 + samples.length, 4)
  header.write("WAVEfmt ", 8, "latin1")
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(1, 22)
  header.writeUInt32LE(rate, 24)
  header.writeUInt32LE(2 * rate, 28)
  header.writeUInt16LE(2, 32)
  header.writeUInt16LE(16, 34)
  header.write("data", 36, "latin1")
  header.writeUInt32LE(samples.length, 40)
  return Buffer.concat([header, samples])
}
