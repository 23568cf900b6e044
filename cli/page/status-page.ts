import { counted } from '../../core/counted.ts';
import { needsAction, type TargetStatus } from '../../core/drift/target-status.ts';
import type { OwnCommand } from '../render/next-steps.ts';
import { expiryText, stateText } from '../render/status.ts';
import type { Times } from '../render/times.ts';
import { html, type Markup } from './markup.ts';
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
<p class="quiet">${times.minute(now.toISOString())} (${times.zone}) · <code>${own('status')}</code></p>
${summaryBox(statuses)}
<h2 id="expiries">Expiries</h2>
${expiries(statuses, context)}
<h2 id="targets">Targets</h2>
<div class="cards" role="list">
${statuses.map((status) => card(status, context))}</div>
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
  const daysLeft = ({ first }: ExpiryDay) => ((first.notAfter ?? 0) - now.getTime() / 1_000) / secondsPerDay;
  const longest = Math.max(1, ...days.map(daysLeft));
  const rows = days.map((one) => {
    const share = Math.round((100 * Math.max(0, daysLeft(one))) / longest);
    const urgency = daysLeft(one) < 0 ? 'failed' : daysLeft(one) <= 14 ? 'troubled' : 'good';
    return html`<tr><td class="name">${one.day}</td><td class="name">${expiryText(one.first, now)}</td><td class="wide"><svg class="bar" viewBox="0 0 100 12" preserveAspectRatio="none" role="img" aria-label="${expiryText(one.first, now)}"><rect class="${urgency}" width="${Math.max(1, share)}" height="12"></rect></svg></td><td>${one.certificate}</td><td class="number">${one.count}</td></tr>
`;
  });
  return html`<div class="scroll"><table class="expiries">
<thead><tr><th>date</th><th>expires</th><th class="wide">time left</th><th>certificate</th><th>targets</th></tr></thead>
<tbody>
${rows}</tbody>
</table></div>`;
}

function expiryDays(statuses: readonly TargetStatus[], times: Times): ExpiryDay[] {
  const known = statuses.filter(({ notAfter }) => notAfter !== null);
  const dayOf = ({ notAfter }: TargetStatus) =>
    times.minute(new Date((notAfter ?? 0) * 1_000).toISOString()).slice(0, 10);
  const groups = Map.groupBy(known, (status) => `${dayOf(status)} ${status.certificate}`);
  return [...groups.values()]
    .flatMap(([first, ...others]) =>
      first === undefined
        ? []
        : [{ certificate: first.certificate, day: dayOf(first), first, count: 1 + others.length }],
    )
    .sort((one, other) => (one.first.notAfter ?? 0) - (other.first.notAfter ?? 0));
}

function card(status: TargetStatus, { now, own, times }: PageContext): Markup {
  const {
    targetId,
    certificate,
    host,
    summary,
    fingerprint,
    currentFingerprint,
    lastDeployment: last,
  } = status;
  const isUrgent = needsAction(status);
  const isOther = currentFingerprint !== null && currentFingerprint !== fingerprint;
  return html`<section class="card ${isUrgent ? 'bad' : 'good'}" role="listitem" aria-label="${targetId}">
<h3><span aria-hidden="true">${isUrgent ? '✖' : '✔'}</span> ${targetId} <span class="state">${stateText(status)}</span></h3>
<dl>
<dt>certificate</dt><dd>${certificate}</dd>
<dt>host</dt><dd>${host ?? 'unknown'}</dd>
<dt>expires</dt><dd>${expiryText(status, now)}</dd>
<dt>version</dt><dd class="mono">${fingerprint ?? 'unknown'}</dd>
${isOther ? html`<dt>expected</dt><dd class="mono">${currentFingerprint ?? ''}</dd>` : []}
<dt>last deployment</dt><dd>${last === null ? 'none' : `${times.minute(last.at)} ${last.outcome}`}</dd>
${isUrgent ? html`<dt>problem</dt><dd>${summary}</dd>` : []}
${isUrgent && last !== null ? html`<dt>next step</dt><dd><code>${own(`inspect ${last.deploymentId}`)}</code></dd>` : []}
</dl>
</section>
`;
}
