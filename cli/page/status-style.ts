import { style } from './style.ts';

/** The style sheet of the page with the statuses. */
export const statusStyle = `${style}
.expiries .bar { width: 100%; min-width: 4rem } .expiries .wide { width: 40% } .expiries td, .expiries th { padding-left: .6rem } .expiries th.number { text-align: right }
.expiries td { overflow-wrap: anywhere }
.bar .failed { fill: var(--bad) }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: 1rem;
  align-items: start }
.card { border: 1px solid var(--soft); border-left: 4px solid var(--line); padding: .2rem .8rem .6rem; min-width: 0 }
.card.good { border-left-color: var(--good) } .card.bad { border-left-color: var(--bad) }
.card h3 { font-size: 1rem; margin: .4rem 0; overflow-wrap: anywhere } .card .state { font-weight: normal; opacity: .75 }
.card.good h3 > span:first-child { color: var(--good) } .card.bad h3 > span:first-child { color: var(--bad) }
.card dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .1rem .8rem; margin: 0 }
.card dt { opacity: .75 } .card dd { margin: 0; overflow-wrap: anywhere }
details.group { display: block; margin: 0 0 1rem } details.group summary { margin-bottom: .5rem; overflow-wrap: anywhere }
@media (max-width: 40rem) { body { margin: 1rem auto } .cards { grid-template-columns: minmax(0, 1fr) }
  .expiries, .expiries tbody { display: block } .expiries thead { display: none }
  .expiries tr { display: grid; grid-template-columns: max-content 1fr max-content; border-top: 1px solid var(--soft); padding: .2rem 0 }
  .expiries td { border: 0; padding: .1rem .6rem } .expiries .number::before { content: 'targets: ' }
  .expiries .wide, .expiries .certificate { grid-column: 1 / -1; width: auto; grid-row: 2 } .expiries .wide { grid-row: 3 } }
`;
