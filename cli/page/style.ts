/** The only style sheet of the page. It fetches no fonts, images or other files. */
export const style = `
:root { color-scheme: light dark; --good: #1a7f37; --bad: #cf222e; --warning: #9a6700; --link: #0969da; --line: #8c959f;
  --soft: #f0f2f5; --ink: #1f2328; --paper: #fff }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #f85149; --warning: #d29922; --link: #58a6ff;
  --line: #6e7681; --soft: #1c2128; --ink: #e6edf3; --paper: #0d1117 } }
body { margin: 2rem auto; max-width: 100rem; padding: 0 1rem; font: 15px/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--paper) }
h1 { font-size: 1.3rem; overflow-wrap: anywhere } h2 { font-size: 1.05rem; margin-top: 2rem }
a { color: var(--link) }
a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
.outcome { border-left: 4px solid var(--line); padding: .4rem .8rem; background: var(--soft); overflow-wrap: anywhere }
.outcome.good { border-color: var(--good) } .outcome.bad { border-color: var(--bad) } .outcome.warning { border-color: var(--warning) }
.outcome p { margin: .2rem 0 } .quiet { opacity: .75; overflow-wrap: anywhere }
dl { display: grid; font-size: 14px; grid-template-columns: max-content 1fr; gap: 0 .8rem; margin: .8rem 0 .4rem } dt { opacity: .75 } dd { margin: 0; overflow-wrap: anywhere }
.path { display: flex; flex-wrap: wrap; gap: .3rem; margin: 0; padding: 0; list-style: none; font: 12px/1.5 ui-monospace, monospace }
.path a { display: block; border: 1px solid var(--line); border-radius: 4px; padding: 1px 5px; color: var(--ink); text-decoration: none }
.path a.choice { border-color: var(--soft) } .path a.failed { border-color: var(--bad) } .path a.succeeded { border-color: var(--good) }
.path li:not(:last-child)::after { content: "→"; content: "→" / ""; margin-left: .3rem } .path li { display: flex; align-items: center }
.scroll { overflow: auto; max-height: 90vh; border: 1px solid var(--soft) }
.graph { font: 12px ui-monospace, monospace; display: block }
.graph text { text-anchor: middle; fill: var(--ink) } .graph a { text-decoration: none }
.graph .badge { text-anchor: end; font-weight: bold; fill: var(--warning) }
.state rect, .state polygon { fill: var(--paper); stroke: var(--line); stroke-width: 2 }
.state.never rect, .state.never polygon { stroke-width: 1; stroke-dasharray: 3 3 } .state.never text { opacity: .55 }
.state.good rect, .state.succeeded rect { stroke: var(--good) } .state.succeeded rect { fill: var(--good) }
.state.failed rect { stroke: var(--bad); fill: var(--bad) } .state.succeeded text, .state.failed text { fill: var(--paper) }
.state.troubled rect, .state.wait rect { stroke: var(--warning) } .state.choice polygon { stroke: var(--link) }
.way { fill: none; stroke: var(--line); stroke-width: 1; opacity: .45 } .way.catch { stroke-dasharray: 4 3 }
.way.taken { stroke: var(--link); stroke-width: 2.5; opacity: 1 } .way.taken.catch { stroke: var(--bad) }
marker path { fill: var(--line) } marker.taken path { fill: var(--link) }
table { border-collapse: collapse; width: 100% } th { text-align: left; font-weight: 600 } th[scope=row] { font-weight: inherit }
td, th { padding: .25rem .6rem .25rem 0; vertical-align: top; border-top: 1px solid var(--soft) }
td { overflow-wrap: anywhere } td.details { white-space: pre-line } td.number, .name { white-space: nowrap } td.number { text-align: right }
tr { scroll-margin-top: 1rem } tr:target { background: var(--soft) }
.dot { font-weight: bold } .dot.good, .dot.succeeded { color: var(--good) } .dot.failed { color: var(--bad) }
.dot.troubled, .dot.wait { color: var(--warning) } .dot.choice { color: var(--link) }
.bar { width: 11rem; height: 12px; display: block; background: var(--soft) } .bar rect { fill: var(--link) }
.bar .failed { fill: var(--bad) } .bar .troubled, .bar .wait { fill: var(--warning) }
.bar .good, .bar .succeeded { fill: var(--good) }
details pre { background: var(--soft); padding: .6rem; overflow: auto; max-height: 24rem; margin: .3rem 0 }
code, .mono { font: 12px/1.5 ui-monospace, monospace } details { display: inline-block; margin-right: 1rem; vertical-align: top } details[open] { display: block }
summary { cursor: pointer; color: var(--link) }
@media (max-width: 48rem) { body { margin: .5rem auto; padding: 0 .6rem } h1 { margin: .4rem 0 } h2 { margin: 1rem 0 .4rem }
  dl { grid-template-columns: 1fr } .start, .part { display: none } td.number, .name { white-space: normal; overflow-wrap: anywhere }
  table { table-layout: fixed } th:first-child, td:first-child { width: 2.2rem } .timeline .name { width: 38% } .took { width: 4.4rem } }
@media print { .scroll { overflow: visible; max-height: none } }
`;
