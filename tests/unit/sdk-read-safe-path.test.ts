import { posix, win32 } from "node:path"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { safePath, safePaths } from "../../sdk/read/safe-path.ts"

const aPart = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom("..", ".", "", "C:", "con", "NUL.txt", "a.", " b", "A", "a", "é", "e\u0301", "x".repeat(300), "~", "-rf"),
)
const aPath = fc.tuple(fc.array(aPart, { maxLength: 5 }), fc.constantFrom("/", "\\")).map(([parts, by]) => parts.join(by))

describe("safe paths", () => {
  test.each([
    ["models/best model.bin", "models/best model.bin"],
    ["../../etc/passwd", "etc/passwd"],
    ["/etc/passwd", "etc/passwd"],
    ["..\\..\\windows\\system32", "windows/system32"],
    ["C:\\x", "C_/x"],
    ["a/./b//c", "a/b/c"],
    ["line\nbreak\u0000.txt", "line_break_.txt"],
    ["CON/com1.txt/aux", "_CON/_com1.txt/_aux"],
    ["dots.../blank ", "dots/blank"],
    ["right\u202eto\u202cleft", "right_to_left"],
    ["..", "unnamed"],
    ["", "unnamed"],
    ["größe 10%.txt", "größe 10%.txt"],
  ])("of %j is %j", (path, safe) => expect(safePath(path)).toBe(safe))

  test("lead nowhere but into the folder they are put below, on any system", () =>
    fc.assert(
      fc.property(aPath, (path) => {
        const safe = safePath(path)
        for (const system of [posix, win32]) {
          const folder = system === posix ? "/home/me/files" : "C:\\me\\files"
          const whole = system.resolve(folder, safe)
          expect(whole.startsWith(folder + system.sep)).toBe(true)
          expect(system.isAbsolute(safe)).toBe(false)
        }
        // oxlint-disable-next-line no-control-regex -- they are what must not be there
        expect(safe).not.toMatch(/[\u0000-\u001f\u007f\\:*?"<>|]/)
        for (const part of safe.split("/")) {
          expect(part).not.toMatch(/^\.*$|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i)
          expect(Buffer.byteLength(part)).toBeLessThanOrEqual(255)
        }
        expect(safePath(safe)).toBe(safe)
      }),
    ))

  test("of several files are never one file, nor one a folder of another", () =>
    fc.assert(
      fc.property(fc.array(aPath, { maxLength: 12 }), (paths) => {
        const safe = safePaths(paths)
        const keys = [...safe.values()].map((path) => path.normalize("NFC").toLowerCase())
        expect(safe.size).toBe(new Set(paths).size)
        expect(new Set(keys).size).toBe(keys.length)
        for (const one of keys) for (const other of keys) expect(other.startsWith(`${one}/`)).toBe(false)
      }),
    ))
})
