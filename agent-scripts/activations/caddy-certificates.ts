import { quoteArgv, redact } from '../host/run-command.ts';
import type { ActivationContext, ActivationResult, Activator } from './activator.ts';
import { type AdminResponse, requestAdmin, socketPath } from './caddy-admin.ts';
import { type CaddyCertificates, Entry, loaders } from './caddy-entries.ts';

/** The target's entry in the running configuration. */
interface FoundEntry {
  readonly path: string;
  readonly entry: Entry;
  /** ETag of the whole list, which also changes if another client moves the entry. */
  readonly etag: string;
}

/**
 * Reads the list, replaces the entry, and starts over if another client has changed the list in between (412). Caddy
 * loads a changed configuration completely before it drops the previous one. If it refuses, it keeps the previous one.
 */
export const caddyCertificates: Activator<CaddyCertificates> = {
  run: (activation, { timeoutSeconds, readFile }) =>
    loadFiles(activation, readFile, AbortSignal.timeout(timeoutSeconds * 1_000)),
  manualCommand: (activation) => manualCommands[activation.loader](activation),
  async readMemory(activation, { timeoutSeconds }) {
    try {
      const found = await findEntry(activation, AbortSignal.timeout(timeoutSeconds * 1_000));
      return 'why' in found
        ? { ok: false, why: found.why, retry: 'never' }
        : { ok: true, texts: loaders[activation.loader].texts(found.entry, activation) };
    } catch (error) {
      return { ok: false, why: reasonOf(activation, error), retry: 'later' };
    }
  },
};

async function loadFiles(
  activation: CaddyCertificates,
  readFile: ActivationContext['readFile'],
  signal: AbortSignal,
): Promise<ActivationResult> {
  let keptPrevious = true;
  try {
    for (;;) {
      const found = await findEntry(activation, signal);
      if ('why' in found) return { ok: false, detail: found.why, keptPrevious };
      const body = JSON.stringify(loaders[activation.loader].next(found.entry, activation, readFile));
      keptPrevious = false;
      const response = await replaceEntry(activation, found, body, signal);
      keptPrevious = response.status !== 200;
      if (response.status !== 412) return resultOf(activation, response);
    }
  } catch (error) {
    return { ok: false, detail: reasonOf(activation, error), keptPrevious };
  }
}

/** The reason of a failed request, without PEM text. */
function reasonOf(activation: CaddyCertificates, error: unknown): string {
  const { name, message } = error as Error;
  return `${api(activation)}: ${name === 'TimeoutError' || name === 'AbortError' ? 'no response before the deadline' : shorten(message)}`;
}

async function findEntry(
  activation: CaddyCertificates,
  signal: AbortSignal,
): Promise<FoundEntry | { readonly why: string }> {
  const { address, loader } = activation;
  const list = `/config/apps/tls/certificates/${loader}`;
  const response = await requestAdmin(address, { method: 'GET', path: list }, signal);
  const [found, ...more] = entriesOf(response).flatMap((entry, index) =>
    entry !== null && loaders[loader].matches(entry, activation) ? [{ entry, path: `${list}/${index}` }] : [],
  );
  if (found === undefined || more.length > 0)
    return { why: entryCountProblem(activation, found ? more.length + 1 : 0) };
  if (response.etag === null)
    return { why: `${api(activation)} sends no ETag; certferry needs Caddy 2.6 or later` };
  return { ...found, etag: response.etag };
}

/** Caddy returns 400 if a parent of the path is missing, and null if the last element is. */
function entriesOf({ status, body }: AdminResponse): (Entry | null)[] {
  if (status === 400) return [];
  if (status !== 200) throw new Error(`HTTP ${status}: ${body}`);
  const list = parseJson(body);
  return Array.isArray(list) ? list.map((entry) => Entry.safeParse(entry).data ?? null) : [];
}

/** Hides the error of JSON.parse, which quotes the text: it may contain a key. */
function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Error('the response is not JSON');
  }
}

function replaceEntry(
  { address, loader }: CaddyCertificates,
  { path, etag }: FoundEntry,
  body: string,
  signal: AbortSignal,
): Promise<AdminResponse> {
  const headers = { ...loaders[loader].headers, 'If-Match': etag };
  return requestAdmin(address, { method: 'PATCH', path, headers, body }, signal);
}

function resultOf(activation: CaddyCertificates, { status, body }: AdminResponse): ActivationResult {
  if (status === 200) return { ok: true, detail: `${api(activation)} accepted the certificate` };
  const detail = `${api(activation)} refused the certificate with HTTP ${status}: ${shorten(body)}`;
  return { ok: false, detail, keptPrevious: true };
}

function entryCountProblem(activation: CaddyCertificates, count: number): string {
  const { loader } = activation;
  const entries = `${count === 0 ? 'no entry' : `${count} entries`} in apps.tls.certificates.${loader}`;
  const hint = count === 0 ? '' : '; exactly one must match (load_pem: give the entry a unique tag)';
  return `${api(activation)} has ${entries} ${loaders[loader].describe(activation)}${hint}`;
}

function api({ address }: CaddyCertificates): string {
  return `Caddy's admin API at ${address}`;
}

function shorten(text: string): string {
  return redact(text).trim().slice(0, 600);
}

/** The operator replaces N by the number of the entry. No command contains a key. */
const manualCommands: Readonly<
  Record<CaddyCertificates['loader'], (activation: CaddyCertificates) => string>
> = {
  load_files: ({ address }) =>
    `${curl(address, '/config/')} | ${curl(address, '/load')} -H 'Content-Type: application/json' -H 'Cache-Control: must-revalidate' --data-binary @-`,
  load_pem(activation) {
    const { address, certPath, keyPath } = activation;
    const entry = curl(address, '/config/apps/tls/certificates/load_pem/N');
    const files = quoteArgv(['--rawfile', 'c', certPath, '--rawfile', 'k', keyPath]);
    const jq = `jq ${files} '.certificate = $c | .key = $k'`;
    const placeholder = `N: index (from 0) of the entry ${loaders.load_pem.describe(activation)}`;
    return `${entry} | ${jq} | ${entry} -X PATCH -H 'Content-Type: application/json' --data-binary @- # ${placeholder}`;
  },
};

/** Over a socket, Host must be empty. */
function curl(address: string, path: string): string {
  const socket = socketPath(address);
  return socket === null
    ? quoteArgv(['curl', '-sS', `http://${address}${path}`])
    : quoteArgv(['curl', '-sS', '--unix-socket', socket, '-H', 'Host;', `http://localhost${path}`]);
}
