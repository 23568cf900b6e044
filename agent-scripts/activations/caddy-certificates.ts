import { quoteArgv, redact } from '../host/run-command.ts';
import type { ActivationResult, Activator } from './activator.ts';
import { type AdminResponse, requestAdmin, socketPath } from './caddy-admin.ts';
import { type CaddyCertificates, Entry, loaders } from './caddy-entries.ts';

/** Where the target's entry is, as one look at the running configuration showed it. */
interface Found {
  readonly path: string;
  readonly entry: Entry;
  /** Of the whole list, so that a change which moved the entry is noticed too. */
  readonly etag: string;
}

/**
 * Look, change, and when somebody else changed the list in between (412), the same anew. Caddy loads a changed
 * configuration as a whole before it lets the old one go; what it refuses leaves the old one serving.
 */
export const caddyCertificates: Activator<CaddyCertificates> = {
  run: (activation, timeoutSeconds) => bringIn(activation, AbortSignal.timeout(timeoutSeconds * 1_000)),
  byHand: (activation) => byHand[activation.loader](activation),
  async holds(activation, timeoutSeconds) {
    try {
      const found = await findEntry(activation, AbortSignal.timeout(timeoutSeconds * 1_000));
      return 'why' in found
        ? { ok: false, why: found.why, retry: 'never' }
        : { ok: true, texts: loaders[activation.loader].texts(found.entry, activation) };
    } catch (error) {
      return { ok: false, why: whyOf(activation, error), retry: 'later' };
    }
  },
};

async function bringIn(activation: CaddyCertificates, signal: AbortSignal): Promise<ActivationResult> {
  let kept = true;
  try {
    for (;;) {
      const found = await findEntry(activation, signal);
      if ('why' in found) return { ok: false, told: found.why, kept };
      const body = nextBody(activation, found.entry);
      kept = false;
      const answer = await replaceEntry(activation, found, body, signal);
      kept = answer.status !== 200;
      if (answer.status !== 412) return judge(activation, answer);
    }
  } catch (error) {
    return { ok: false, told: whyOf(activation, error), kept };
  }
}

/** What was thrown in a conversation, for a person and without any PEM text. */
function whyOf(activation: CaddyCertificates, error: unknown): string {
  const { name, message } = error as Error;
  return `${api(activation)}: ${name === 'TimeoutError' || name === 'AbortError' ? 'no end in time' : shorten(message)}`;
}

async function findEntry(
  activation: CaddyCertificates,
  signal: AbortSignal,
): Promise<Found | { readonly why: string }> {
  const { address, loader } = activation;
  const list = `/config/apps/tls/certificates/${loader}`;
  const answer = await requestAdmin(address, { method: 'GET', path: list }, signal);
  const [found, ...more] = entriesOf(answer).flatMap((entry, index) =>
    entry !== null && loaders[loader].isTheEntry(entry, activation)
      ? [{ entry, path: `${list}/${index}` }]
      : [],
  );
  if (found === undefined || more.length > 0) return { why: notOne(activation, found ? more.length + 1 : 0) };
  if (answer.etag === null) return { why: `${api(activation)} sends no ETag; Caddy 2.6 and later do` };
  return { ...found, etag: answer.etag };
}

/** Caddy answers 400 when what the path goes through is missing, and null when its last part is. */
function entriesOf({ status, body }: AdminResponse): (Entry | null)[] {
  if (status === 400) return [];
  if (status !== 200) throw new Error(`HTTP ${status}: ${body}`);
  const list = parseQuietly(body);
  return Array.isArray(list) ? list.map((entry) => Entry.safeParse(entry).data ?? null) : [];
}

/** JSON.parse quotes what it stumbles over, which may be a key. */
function parseQuietly(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Error('the answer is not JSON');
  }
}

function nextBody(activation: CaddyCertificates, entry: Entry): string {
  return JSON.stringify(loaders[activation.loader].next(entry, activation));
}

function replaceEntry(
  { address, loader }: CaddyCertificates,
  { path, etag }: Found,
  body: string,
  signal: AbortSignal,
): Promise<AdminResponse> {
  const headers = { ...loaders[loader].headers, 'If-Match': etag };
  return requestAdmin(address, { method: 'PATCH', path, headers, body }, signal);
}

function judge(activation: CaddyCertificates, { status, body }: AdminResponse): ActivationResult {
  if (status === 200) return { ok: true, told: `${api(activation)} took it` };
  const told = `${api(activation)} refused it with HTTP ${status}: ${shorten(body)}`;
  return { ok: false, told, kept: true };
}

function notOne(activation: CaddyCertificates, count: number): string {
  const { loader } = activation;
  const entries = `${count === 0 ? 'no entry' : `${count} entries`} in apps.tls.certificates.${loader}`;
  const hint = count === 0 ? '' : '; it has to be one (load_pem: give it a tag of its own)';
  return `${api(activation)} has ${entries} ${loaders[loader].called(activation)}${hint}`;
}

function api({ address }: CaddyCertificates): string {
  return `Caddy's admin API at ${address}`;
}

function shorten(text: string): string {
  return redact(text).trim().slice(0, 600);
}

/** The number of an entry is for a person to see; nothing that is typed here can hold a key. */
const byHand: Readonly<Record<CaddyCertificates['loader'], (activation: CaddyCertificates) => string>> = {
  load_files: ({ address }) =>
    `${curl(address, '/config/')} | ${curl(address, '/load')} -H 'Content-Type: application/json' -H 'Cache-Control: must-revalidate' --data-binary @-`,
  load_pem(activation) {
    const { address, certPath, keyPath } = activation;
    const entry = curl(address, '/config/apps/tls/certificates/load_pem/N');
    const files = quoteArgv(['--rawfile', 'c', certPath, '--rawfile', 'k', keyPath]);
    const jq = `jq ${files} '.certificate = $c | .key = $k'`;
    const which = `N: number, from 0, of the entry ${loaders.load_pem.called(activation)}`;
    return `${entry} | ${jq} | ${entry} -X PATCH -H 'Content-Type: application/json' --data-binary @- # ${which}`;
  },
};

/** Over a socket Host has to be empty. */
function curl(address: string, path: string): string {
  const socket = socketPath(address);
  return socket === null
    ? quoteArgv(['curl', '-sS', `http://${address}${path}`])
    : quoteArgv(['curl', '-sS', '--unix-socket', socket, '-H', 'Host;', `http://localhost${path}`]);
}
