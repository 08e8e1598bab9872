/** A WAV file (Microsoft's "Multimedia Programming Interface and Data Specifications 1.0") of 16-bit samples. */
export const wavOf = (channels: readonly Float32Array[], rate: number): Uint8Array => {
  const frames = channels[0]?.length ?? 0
  if (frames === 0 || channels.some(({ length }) => length !== frames))
    throw new Error("its channels are empty or differ in length")
  const width = channels.length * 2
  const view = new DataView(new ArrayBuffer(44 + frames * width))
  const name = (at: number, text: string): void => [...text].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)))
  name(0, "RIFF")
  view.setUint32(4, 36 + frames * width, true)
  name(8, "WAVEfmt ")
  view.setUint32(16, 16, true)
  // Plain samples, not compressed.
  view.setUint16(20, 1, true)
  view.setUint16(22, channels.length, true)
  view.setUint32(24, rate, true)
  view.setUint32(28, rate * width, true)
  view.setUint16(32, width, true)
  view.setUint16(34, 16, true)
  name(36, "data")
  view.setUint32(40, frames * width, true)
  for (const [channel, samples] of channels.entries())
    for (let i = 0; i < frames; i++)
      view.setInt16(44 + i * width + channel * 2, Math.round(Math.max(-1, Math.min(1, samples[i]!)) * 32_767), true)
  return new Uint8Array(view.buffer)
}
