import { quoteArgv, redact } from '../run-command.ts';
import type { Activated, Activator, Holding } from './activator.ts';
import { type AdminAnswer, askAdmin, socketPath } from './caddy-admin.ts';
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
  run: (activation, timeoutSeconds) =>
    converse<Activated>(timeoutSeconds, {
      async ask(signal) {
        for (;;) {
          const found = await findEntry(activation, signal);
          if ('why' in found) return { ok: false, told: found.why };
          const answer = await replaceEntry(activation, found, signal);
          if (answer.status !== 412) return judge(activation, answer);
        }
      },
      failed: (why) => ({ ok: false, told: `${api(activation)}: ${why}` }),
    }),
  byHand: (activation) => byHand[activation.loader](activation),
  holds: (activation, timeoutSeconds) =>
    converse<Holding>(timeoutSeconds, {
      async ask(signal) {
        const found = await findEntry(activation, signal);
        if ('why' in found) return { ok: false, why: found.why, retry: 'never' };
        return { ok: true, texts: loaders[activation.loader].texts(found.entry, activation) };
      },
      failed: (why) => ({ ok: false, why: `${api(activation)}: ${why}`, retry: 'later' }),
    }),
};

/** One conversation under a deadline; what is thrown in it becomes an answer, without any PEM text. */
async function converse<Answer>(
  timeoutSeconds: number,
  { ask, failed }: { ask(signal: AbortSignal): Promise<Answer>; failed(why: string): Answer },
): Promise<Answer> {
  const signal = AbortSignal.timeout(timeoutSeconds * 1_000);
  try {
    return await ask(signal);
  } catch (error) {
    return failed(
      signal.aborted ? `no end within ${timeoutSeconds} seconds` : shorten((error as Error).message),
    );
  }
}

async function findEntry(
  activation: CaddyCertificates,
  signal: AbortSignal,
): Promise<Found | { readonly why: string }> {
  const { address, loader } = activation;
  const list = `/config/apps/tls/certificates/${loader}`;
  const answer = await askAdmin(address, { method: 'GET', path: list }, signal);
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
function entriesOf({ status, body }: AdminAnswer): (Entry | null)[] {
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

function replaceEntry(
  activation: CaddyCertificates,
  { path, entry, etag }: Found,
  signal: AbortSignal,
): Promise<AdminAnswer> {
  const { next, headers } = loaders[activation.loader];
  const body = JSON.stringify(next(entry, activation));
  return askAdmin(
    activation.address,
    { method: 'PATCH', path, headers: { ...headers, 'If-Match': etag }, body },
    signal,
  );
}

function judge(activation: CaddyCertificates, { status, body }: AdminAnswer): Activated {
  return status === 200
    ? { ok: true, told: `${api(activation)} took it` }
    : { ok: false, told: `${api(activation)} refused it with HTTP ${status}: ${shorten(body)}` };
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
