import { createHash } from 'node:crypto';
import { shortFingerprint } from '../../core/certificate/describe.ts';
import { htmlText } from '../../core/html-text.ts';
import type { RolloutControl } from '../../services/rollouts/rollout-control.ts';
import type { LinkParts } from './approval-link.ts';

/** Response of a function URL (payload format 2.0). */
export interface Page {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

const style =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:3rem auto;padding:0 1rem;color:#1c1c1c;background:#fff}' +
  'dt{color:#555}dd{margin:0 0 .6rem;overflow-wrap:anywhere}button{font:inherit;padding:.5rem 1.2rem;margin-right:.6rem}';

const styleDigest = createHash('sha256').update(style).digest('base64');

/** The address contains the secret, so nothing is loaded or cached, and no other page may embed it or get a referrer. */
const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleDigest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex',
};

function page(statusCode: number, title: string, body: string): Page {
  const text = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${htmlText(title)}</title><style>${style}</style></head><body><h1>${htmlText(title)}</h1>${body}</body></html>`;
  return { statusCode, headers, body: text };
}

/** A page with one sentence. */
export function noticePage(statusCode: number, title: string, text: string): Page {
  return page(statusCode, title, `<p>${htmlText(text)}</p>`);
}

/** The facts of the rollout, and a button for each decision. Opening the page decides nothing. */
export function approvalPage(parts: LinkParts, control: RolloutControl): Page {
  const facts = {
    Certificate: control.certificate,
    Version: shortFingerprint(control.fingerprint),
    Rollout: control.id,
    'Completed wave': String(parts.wave),
    Failures: `${control.failures} (tolerated: ${control.tolerated})`,
  };
  const list = Object.entries(facts).map(([name, value]) => `<dt>${name}</dt><dd>${htmlText(value)}</dd>`);
  const hidden = Object.entries(parts).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${htmlText(String(value))}">`,
  );
  const buttons =
    '<button name="verdict" value="approved">Approve: continue the rollout</button>' +
    '<button name="verdict" value="rejected">Reject: halt the rollout</button>';
  return page(
    200,
    'Approve or reject the rollout',
    `<dl>${list.join('')}</dl><form method="post" action="?">${hidden.join('')}${buttons}</form>`,
  );
}
