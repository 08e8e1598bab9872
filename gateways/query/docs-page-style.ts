/** The page's style, in light and dark. */
export const style = `
:root { color-scheme: light dark; --text: light-dark(#1c2024, #e8eaed); --dim: light-dark(#5f6770, #9aa3ad); --page: light-dark(#fbfcfd, #101214);
  --card: light-dark(#fff, #17191c); --line: light-dark(#e3e6e9, #2a2e33); --code: light-dark(#f1f3f5, #1f2327); --link: light-dark(#2b59c3, #8ab0ff);
  --get: light-dark(#1d6fd1, #6db1ff); --post: light-dark(#18794e, #5fd39b); --put: light-dark(#99590b, #f0b860); --delete: light-dark(#c62a2f, #ff8b8f) }
:root[data-theme=light] { color-scheme: light } :root[data-theme=dark] { color-scheme: dark }
* { box-sizing: border-box } [hidden] { display: none !important }
body { margin: 0; display: grid; grid-template-columns: 19rem minmax(0, 1fr); color: var(--text); background: var(--page); font: 15px/1.5 system-ui, sans-serif }
a { color: var(--link) } small { color: var(--dim) }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .92em }
td code, p code { background: var(--code); padding: .05em .3em; border-radius: 4px }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1rem; border-right: 1px solid var(--line); font-size: 13px }
nav header { display: flex; gap: .5rem; align-items: baseline; font-size: 15px; margin-bottom: .75rem }
nav button { margin-left: auto; border: 0; background: none; color: inherit; font-size: 18px; line-height: 1; cursor: pointer }
nav input { width: 100%; font: inherit; padding: .45rem .6rem; border: 1px solid var(--line); border-radius: 6px; background: var(--card); color: inherit }
nav h2 { font-size: 11px; letter-spacing: .05em; text-transform: uppercase; margin: 1.1rem 0 .3rem } nav h2 a { color: var(--dim); text-decoration: none }
nav section > a { display: flex; gap: .5rem; align-items: baseline; padding: .18rem .35rem; border-radius: 5px; color: inherit; text-decoration: none }
nav section > a:hover, nav section > a:focus-visible { background: var(--code) } nav .method { width: 3.1rem; font-size: 9.5px; text-align: right; padding: 0; background: none }
main { padding: 2rem clamp(1rem, 4vw, 3.5rem) 6rem; max-width: 68rem }
h1 { font-size: 1.7rem; margin: 0 0 .5rem } main h2 { font-size: 1.15rem; margin: 2.2rem 0 .1rem } main h2 + p { margin: 0 0 .7rem; color: var(--dim) }
h4 { margin: 1.1rem 0 .35rem; font-size: 12px; letter-spacing: .04em; text-transform: uppercase; color: var(--dim) }
main details[id] { background: var(--card); border: 1px solid var(--line); border-radius: 8px; margin: .45rem 0; scroll-margin-top: 1rem }
main details[id] > summary { display: flex; flex-wrap: wrap; gap: .35rem .75rem; align-items: baseline; padding: .55rem .8rem; cursor: pointer; list-style: none }
main details[id] > summary::-webkit-details-marker { display: none } main details[id] > summary > span:last-child { color: var(--dim) }
main details[id] > summary:hover { background: var(--code); border-radius: 8px } .inside { padding: 0 .9rem 1rem; border-top: 1px solid var(--line) }
.method { flex: none; font: 600 11px/1.6 ui-monospace, monospace; width: 3.9rem; text-align: center; border-radius: 4px; color: var(--kind); background: color-mix(in srgb, var(--kind) 13%, transparent) }
.get { --kind: var(--get) } .post { --kind: var(--post) } .put { --kind: var(--put) } .delete { --kind: var(--delete) }
pre { margin: 0; padding: .75rem .9rem; overflow: auto; background: var(--code); border-radius: 6px; line-height: 1.45 }
table { width: 100%; border-collapse: collapse; font-size: 13.5px } th { text-align: left; font-weight: 600; color: var(--dim); font-size: 12px }
th, td { padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere } td:nth-child(1) { width: 36% } td:nth-child(2) { width: 24% }
.answer { margin: .25rem 0 } .answer > summary { cursor: pointer } .answer table { margin: .35rem 0 .9rem } .header { margin: .35rem 0 }
.status { font-family: ui-monospace, monospace; color: var(--dim) } .s2 { color: var(--post) } .s4 { color: var(--put) } .s5 { color: var(--delete) }
p.answer { padding-left: 1.05rem }
:focus-visible { outline: 2px solid var(--link); outline-offset: 1px }
@media (max-width: 760px) { body { display: block } nav { position: static; height: auto; max-height: 45vh; border-right: 0; border-bottom: 1px solid var(--line) } }
`
