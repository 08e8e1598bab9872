/** HTML in template strings: whatever is put in is escaped, unless it is HTML itself; indentation is left out. */

export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Part = Html | string | number

export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(strings.map((string, i) => string.replaceAll(/\s*\n\s*/g, "\n") + textOf(parts[i])).join(""))

export const join = (parts: readonly Html[]): Html => new Html(parts.map(({ text }) => text).join(""))

/** Text in which what stands between backquotes is code. */
export const prose = (text: string): Html => join(text.split("`").map((part, i) => (i % 2 === 1 ? code(part) : html`${part}`)))

export const code = (text: string): Html => html`<code>${text}</code>`

const textOf = (part: Part | undefined): string => {
  if (part instanceof Html) return part.text
  return String(part ?? "").replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
