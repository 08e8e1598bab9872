/** Media types (RFC 6838) by the last part of a file's name. */
const types: ReadonlyMap<string, string> = new Map(
  Object.entries({
    avif: "image/avif",
    bmp: "image/bmp",
    css: "text/css",
    csv: "text/csv",
    gif: "image/gif",
    gz: "application/gzip",
    html: "text/html",
    jpeg: "image/jpeg",
    jpg: "image/jpeg",
    js: "text/javascript",
    json: "application/json",
    log: "text/plain",
    md: "text/markdown",
    mp3: "audio/mpeg",
    mp4: "video/mp4",
    pdf: "application/pdf",
    png: "image/png",
    svg: "image/svg+xml",
    tar: "application/x-tar",
    txt: "text/plain",
    wasm: "application/wasm",
    wav: "audio/wav",
    webp: "image/webp",
    xml: "application/xml",
    yaml: "application/yaml",
    yml: "application/yaml",
    zip: "application/zip",
  }),
)

/** The media type of a file by its name; `application/octet-stream` where the name tells none. */
export const contentTypeOf = (path: string): string =>
  types.get(/\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? "") ?? "application/octet-stream"
