/** The page's script: search, the theme, links to operations, and its own address in the examples. */

/** `origin` is what stands in the examples until the page knows where it was loaded from. */
export const script = (origin: string): string => `
const all = [...document.querySelectorAll("main details[id]")]
const search = document.getElementById("search")
const show = () => {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean)
  let found = 0
  for (const one of all) {
    one.hidden = !words.every((word) => one.dataset.words.includes(word))
    document.querySelector('nav a[data-for="' + one.id + '"]').hidden = one.hidden
    if (!one.hidden) found += 1
  }
  for (const part of document.querySelectorAll("main .group, nav section"))
    part.hidden = [...part.querySelectorAll("details[id], a[data-for]")].every((one) => one.hidden)
  document.getElementById("none").hidden = found > 0
}
search.addEventListener("input", show)
addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== search) { event.preventDefault(); search.focus() }
  if (event.key === "Escape") { search.value = ""; show() }
})
const open = () => {
  const one = document.getElementById(decodeURIComponent(location.hash.slice(1)))
  if (one instanceof HTMLDetailsElement) { one.open = true; one.scrollIntoView() }
}
addEventListener("hashchange", open)
open()
const root = document.documentElement
let theme = null
try { theme = localStorage.getItem("matyan-docs-theme") } catch {}
if (theme) root.dataset.theme = theme
document.getElementById("theme").addEventListener("click", () => {
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches
  root.dataset.theme = isDark ? "light" : "dark"
  try { localStorage.setItem("matyan-docs-theme", root.dataset.theme) } catch {}
})
for (const line of document.querySelectorAll(".curl")) line.textContent = line.textContent.replace(${JSON.stringify(origin)}, location.origin)
`
