import { counted } from '../../core/counted.ts';
import { knownLeaf, needsAction, type TargetStatus } from '../../core/drift/target-status.ts';
import type { OwnCommand } from '../render/next-steps.ts';
import { expiryText, lockText, stateText } from '../render/status.ts';
import type { Times } from '../render/times.ts';
import { html, type Markup, type Part } from './markup.ts';
import { pageText } from './page-frame.ts';
import { statusStyle } from './status-style.ts';

interface PageContext {
  readonly now: Date;
  readonly own: OwnCommand;
  readonly times: Times;
}

/** The statuses of all targets as one self-contained page without scripts, in the given order. All texts are escaped. */
export function statusPage(statuses: readonly TargetStatus[], context: PageContext): string {
  const { now, times, own } = context;
  const body = html`<main>
<h1>certferry status</h1>
<p class="quiet">${times.minute(now.getTime() / 1_000)} (${times.zone}) · <code>${own('status')}</code></p>
${summaryBox(statuses)}
<h2 id="expiries">Expiries</h2>
${expiries(statuses, context)}
${targets(statuses, context)}
</main>`;
  return pageText({ title: 'certferry status', sheet: statusStyle, body });
}

function summaryBox(statuses: readonly TargetStatus[]): Markup {
  const problems = statuses.filter(needsAction);
  if (problems.length === 0) {
    return html`<div class="outcome good"><p><strong>${counted(statuses.length, 'target')}, none needs action</strong></p></div>`;
  }
  const states = Map.groupBy(problems, stateText);
  const words = [...states].map(([state, { length }]) => `${length} ${state}`);
  return html`<div class="outcome bad"><p><strong>${problems.length} of ${counted(statuses.length, 'target')}: action required</strong></p><p>${words.join(', ')}</p></div>`;
}

/** The targets whose certificate expires on one day. */
interface ExpiryDay {
  readonly certificate: string;
  readonly day: string;
  readonly first: TargetStatus;
  readonly count: number;
}

const secondsPerDay = 86_400;

/** One line for each certificate and day of expiry, the earliest first. The bar is the time until then, up to the latest. */
function expiries(statuses: readonly TargetStatus[], { now, times }: PageContext): Markup {
  const days = expiryDays(statuses, times);
  if (days.length === 0) return html`<p>The expiry of no certificate is known.</p>`;
  const daysLeft = ({ first }: ExpiryDay) => (expiryOf(first) - now.getTime() / 1_000) / secondsPerDay;
  const longest = Math.max(1, ...days.map(daysLeft));
  const rows = days.map((one) => {
    const share = Math.round((100 * Math.max(0, daysLeft(one))) / longest);
    const urgency = daysLeft(one) < 0 ? 'failed' : daysLeft(one) <= 14 ? 'troubled' : 'good';
    return html`<tr><td class="name">${one.day}</td><td class="name">${expiryText(one.first, now)}</td><td class="wide"><svg class="bar" viewBox="0 0 100 12" preserveAspectRatio="none" role="img" aria-label="${expiryText(one.first, now)}"><rect class="${urgency}" width="${Math.max(1, share)}" height="12"></rect></svg></td><td class="certificate">${one.certificate}</td><td class="number">${one.count}</td></tr>
`;
  });
  return html`<div class="scroll"><table class="expiries">
<thead><tr><th>date</th><th>expires</th><th class="wide">time left</th><th>certificate</th><th class="number">targets</th></tr></thead>
<tbody>
${rows}</tbody>
</table></div>`;
}

function expiryDays(statuses: readonly TargetStatus[], times: Times): ExpiryDay[] {
  const known = statuses.filter((status) => knownLeaf(status).notAfter !== null);
  const dayOf = (status: TargetStatus) => times.day(expiryOf(status));
  const groups = Map.groupBy(known, (status) => `${dayOf(status)} ${status.certificate}`);
  return [...groups.values()]
    .flatMap(([first, ...others]) =>
      first === undefined
        ? []
        : [{ certificate: first.certificate, day: dayOf(first), first, count: 1 + others.length }],
    )
    .sort((one, other) => expiryOf(one.first) - expiryOf(other.first));
}

/** Epoch seconds; 0 if unknown. */
const expiryOf = (status: TargetStatus) => knownLeaf(status).notAfter ?? 0;

/** With more healthy targets than this, the list of each certificate is closed at first. */
const maximumOpen = 50;

/** The targets that need action, then a list of the others for each certificate, which the reader can open and close. */
function targets(statuses: readonly TargetStatus[], context: PageContext): Markup {
  const urgent = statuses.filter(needsAction);
  const healthy = statuses.filter((status) => !needsAction(status));
  const open = healthy.length > maximumOpen ? html`` : html` open`;
  const byCertificate = [...Map.groupBy(healthy, ({ certificate }) => certificate)];
  return html`${
    urgent.length === 0
      ? []
      : html`<h2 id="action">Action required</h2>
${cards(urgent, context)}`
  }
${healthy.length === 0 ? [] : html`<h2 id="healthy">No action required</h2>`}
${byCertificate.map(
  ([certificate, members]) => html`<details class="group"${open}>
<summary>${certificate}: ${counted(members.length, 'target')}</summary>
${cards(members, context)}
</details>
`,
)}`;
}

const cards = (
  statuses: readonly TargetStatus[],
  context: PageContext,
) => html`<div class="cards" role="list">
${statuses.map((status) => card(status, context))}</div>`;

function card(status: TargetStatus, context: PageContext): Markup {
  const isUrgent = needsAction(status);
  const lines = [...factsOf(status, context), ...(isUrgent ? problemOf(status, context) : [])];
  return html`<section class="card ${isUrgent ? 'bad' : 'good'}" role="listitem" aria-label="${status.targetId}">
<h3><span aria-hidden="true">${isUrgent ? '✖' : '✔'}</span> ${status.targetId} <span class="state">${stateText(status)}</span></h3>
<dl>
${lines.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>\n`)}</dl>
</section>
`;
}

type Line = readonly [name: string, value: Part];

function factsOf(status: TargetStatus, { now, times }: PageContext): Line[] {
  const { certificate, host, served, currentFingerprint, lastDeployment: last } = status;
  const { fingerprint } = knownLeaf(status);
  const lock = lockText(status, times);
  const isOther = currentFingerprint !== null && currentFingerprint !== fingerprint;
  return [
    ['certificate', certificate],
    ['host', host ?? 'unknown'],
    ['expires', expiryText(status, now)],
    [served === null ? 'installed' : 'serves', code(fingerprint ?? 'unknown')],
    ...(isOther ? [['expected', code(currentFingerprint)] as const] : []),
    ['last deployment', last === null ? 'none' : `${times.minute(last.at)} ${last.outcome}`],
    ...(lock === null ? [] : [['lock', lock] as const]),
  ];
}

function problemOf({ summary, lastDeployment: last }: TargetStatus, { own }: PageContext): Line[] {
  const step: Line[] = last === null ? [] : [['next step', code(own(`inspect ${last.deploymentId}`))]];
  return [['problem', summary], ...step];
}

const code = (text: string) => html`<code>${text}</code>`;
