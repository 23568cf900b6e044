import { createHash } from 'node:crypto';
import { html, type Markup, styleOf } from './markup.ts';

/** The parts of a page. `sheet` is its only style sheet, a constant of certferry. */
export interface PageParts {
  readonly title: string;
  readonly sheet: string;
  readonly body: Markup;
}

/**
 * A self-contained page without scripts. Its content security policy forbids the browser to fetch or run anything, and allows only
 * its own style sheet.
 */
export function pageText({ title, sheet, body }: PageParts): string {
  const hash = createHash('sha256').update(sheet).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
${styleOf(sheet)}
</head>
<body>
${body}
</body>
</html>
`.text;
}
