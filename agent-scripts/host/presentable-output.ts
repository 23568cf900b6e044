import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute } from 'node:path';
import { cutText } from '../../core/bounds/cut-text.ts';
import { containsKnownKey } from './known-keys.ts';

/** How much of an output is judged, in bytes. A longer output is cut before. */
export const judgedBytes = 8_192;
/** Maximum of an output in the agent's result, in bytes of JSON. */
const shownBytes = 600;

/** A base64 string of this length may contain 30 bytes of a key. */
const base64Length = 40;
const base64Run = new RegExp(`[A-Za-z0-9+/_-]{${base64Length},}={0,2}`, 'g');

/** Replaces an output that contains part of a private key. */
export const withheldOutput = 'output withheld: it contains part of a private key';

/**
 * The part of a program's output that the agent's result may contain. SSM, the execution and the history store the result.
 * All judged bytes count, not only the shown ones. Only the start or the end of a long output is judged and shown.
 */
export function presentableOutput(output: string | Buffer, kept: 'start' | 'end'): string {
  const bytes = Buffer.from(output);
  const judged = kept === 'start' ? bytes.subarray(0, judgedBytes) : bytes.subarray(-judgedBytes);
  if (containsKnownKey(judged)) return withheldOutput;
  const text = redact(judged.toString('utf8')).trim();
  return cutText(text, shownBytes, kept);
}

/** A sentence for the operator, unless it contains part of a private key. */
export function presentableSentence(sentence: string): string {
  return containsKnownKey(Buffer.from(sentence)) ? withheldOutput : sentence;
}

/**
 * Removes private keys that the agent does not know: PEM blocks and long base64 strings. A string counts as base64 if it
 * mixes upper case, lower case and digits. A path below a folder of this host stays readable.
 */
export function redact(text: string): string {
  return (
    text
      .replace(
        /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
        '[redacted]',
      )
      // the rest of a block whose start was truncated
      .replace(/[\s\S]*-----END [A-Z ]*PRIVATE KEY-----/, '[redacted]')
      .replace(base64Run, (run) => (isMixed(run) && !isPathOnHost(run) ? '[redacted]' : run))
  );
}

function isMixed(run: string): boolean {
  return /[a-z]/.test(run) && /[A-Z]/.test(run) && /[0-9]/.test(run);
}

/** Whether the run is a path in an existing folder. base64 can start with a slash, but names no folder of the host. */
function isPathOnHost(run: string): boolean {
  const folder = dirname(run);
  return isAbsolute(run) && basename(run).length < base64Length && folder !== '/' && existsSync(folder);
}
