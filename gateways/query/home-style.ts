/** The home page's style, in light and dark. */
export const style = `
:root { color-scheme: light dark; --text: light-dark(#1c2024, #e8eaed); --dim: light-dark(#5f6770, #9aa3ad); --page: light-dark(#fbfcfd, #101214);
  --card: light-dark(#fff, #17191c); --line: light-dark(#e3e6e9, #2a2e33); --code: light-dark(#f1f3f5, #1f2327); --link: light-dark(#2b59c3, #8ab0ff);
  --active: light-dark(#18794e, #5fd39b) }
* { box-sizing: border-box } [hidden] { display: none !important }
body { margin: 0 auto; padding: 0 clamp(1rem, 4vw, 2.5rem) 4rem; max-width: 70rem; color: var(--text); background: var(--page); font: 15px/1.5 system-ui, sans-serif }
a { color: var(--link); text-underline-offset: .15em } small, .dim { color: var(--dim) }
code, pre, .url, .version { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace }
header { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline; padding: 1.75rem 0 1.25rem }
h1 { font-size: 1.5rem; letter-spacing: -.01em; margin: 0 } header p { margin: 0 } .version { font-size: .85em }
nav { margin-left: auto; display: flex; gap: 1.25rem }
dl { display: grid; grid-template-columns: 1fr 1fr 2fr 2fr; margin: 0; border: 1px solid var(--line); border-radius: 8px; background: var(--card) }
dl div { padding: .7rem 1rem; min-width: 0 } dl div + div { border-left: 1px solid var(--line) }
dt { color: var(--dim); font-size: 12.5px } dd { margin: 0; font-size: 1.05rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
dd small { font-size: 12.5px; margin-left: .45rem; white-space: nowrap } dd.url { font-size: 13.5px; line-height: 1.85 }
section { margin-top: 2.25rem } .title { display: flex; gap: .75rem; align-items: baseline; margin-bottom: .6rem } .title span { font-size: 12.5px }
h2 { font-size: 1.1rem; margin: 0 } p { margin: 0 0 .6rem }
#runs { border: 1px solid var(--line); border-radius: 8px; background: var(--card) } .none { padding: 1rem; margin: 0 }
table { width: 100%; border-collapse: collapse; font-size: 14px }
th, td { text-align: left; vertical-align: top; padding: .6rem 1rem; font-weight: 400; overflow-wrap: anywhere }
tbody tr { border-top: 1px solid var(--line) } thead th { font-size: 12.5px; color: var(--dim); padding: .5rem 1rem }
tbody th { width: 34% } tbody th small { display: block; font: 12px ui-monospace, monospace } td:nth-child(2) { width: 18% } td:nth-child(3) { width: 16% } time { white-space: nowrap }
.active { color: var(--active); font-size: 12.5px; white-space: nowrap } .active::before { content: "●"; font-size: .7em; vertical-align: .15em; margin: 0 .3em 0 .15em }
ul { list-style: none; margin: 0; padding: 0 } li { display: flex; justify-content: space-between; gap: .75rem; max-width: 20rem }
li b { font-weight: 500; font-variant-numeric: tabular-nums; white-space: nowrap } .metric small { font-size: 12px }
figure { position: relative; margin: 0 0 .6rem } pre { margin: 0; padding: .8rem 5rem .8rem 1rem; overflow: auto; border-radius: 8px; background: var(--code); font-size: 13.5px }
button { position: absolute; top: .5rem; right: .5rem; min-width: 4rem; padding: .2rem .6rem; font: inherit; font-size: 12.5px; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 6px; cursor: pointer }
button:hover { border-color: var(--dim) } :focus-visible { outline: 2px solid var(--link); outline-offset: 1px }
@media (max-width: 760px) {
  nav { margin: .35rem 0 0; width: 100% } dl { grid-template-columns: 1fr 1fr } dl div:nth-child(n+3) { grid-column: 1 / -1; border-left: 0; border-top: 1px solid var(--line) }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) } table, tbody, tr, tbody th, td { display: block; width: auto !important }
  tbody tr { padding: .75rem 1rem } tbody tr:first-child { border-top: 0 } tbody th, td { padding: 0 } td:empty { display: none }
  td:nth-child(2), td:nth-child(3) { display: inline; color: var(--dim); font-size: 13px } td:nth-child(2):not(:empty)::after { content: " · " } td:last-child { margin-top: .35rem } li { max-width: none }
  pre { padding-right: 1rem; padding-top: 2.5rem } #install { padding-top: .8rem; padding-right: 5rem }
}
`
