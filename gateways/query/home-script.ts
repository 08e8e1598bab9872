/** The home page's script: local times, copying, and the newest state whenever the stream tells of a change. */
export const script = `
const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" })
const localize = (root) => { for (const time of root.querySelectorAll("time")) time.textContent = local.format(new Date(time.dateTime)) }
localize(document)

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent)
    button.textContent = "Copied"
    setTimeout(() => { button.textContent = "Copy" }, 1500)
  })
}

const state = document.getElementById("state")
let wanted = false, busy = false
const refresh = async () => {
  wanted = true
  if (busy) return
  busy = true
  while (wanted) {
    wanted = false
    try {
      const answer = await fetch(location.pathname)
      if (!answer.ok) throw new Error(answer.statusText)
      const page = new DOMParser().parseFromString(await answer.text(), "text/html")
      localize(page)
      for (const part of document.querySelectorAll("[data-live]")) {
        const now = page.getElementById(part.id)
        if (now && now.innerHTML !== part.innerHTML) part.replaceChildren(...now.childNodes)
      }
    } catch { state.textContent = "not reachable" }
    await new Promise((done) => setTimeout(done, 1000))
  }
  busy = false
}

let stream = null
const follow = () => {
  if (stream || document.hidden) return
  stream = new EventSource("api/v1/rest/stream?topics=runs,points")
  stream.onopen = () => { state.textContent = "live"; refresh() }
  for (const name of ["run", "points", "reread"]) stream.addEventListener(name, refresh)
  stream.onerror = () => {
    state.textContent = "reconnecting"
    if (stream && stream.readyState === EventSource.CLOSED) { leave(); setTimeout(follow, 5000) }
  }
}
const leave = () => { if (stream) stream.close(); stream = null }
document.addEventListener("visibilitychange", () => document.hidden ? leave() : follow())
addEventListener("pagehide", leave)
addEventListener("pageshow", follow)
follow()
`
