/**
 * Load generator, run as a separate process. Starts `--rate` TLS handshakes per second with a loopback port, each on a new
 * connection without resumption, independent of the handshakes still in progress. Prints the fingerprint of each leaf after the
 * first handshake with it. When its standard input is closed, it waits for the last handshakes and prints a {@link LoadReport}
 * as JSON.
 */
import { connect } from 'node:tls';
import { parseArgs } from 'node:util';

/** How often a leaf was served, the end of the first such handshake, and the start of the last (epoch ms). */
export interface LeafHandshakes {
  readonly count: number;
  readonly firstEnd: number;
  readonly lastBegin: number;
}

/** Results of the load. `seconds` are from the start of the first handshake to the start of the last. */
export interface LoadReport {
  readonly handshakes: number;
  readonly seconds: number;
  /** Number of failed handshakes by message. */
  readonly failures: Readonly<Record<string, number>>;
  /** By fingerprint (`sha256:…`). */
  readonly leaves: Readonly<Record<string, LeafHandshakes>>;
}

const { values } = parseArgs({ options: { port: { type: 'string' }, rate: { type: 'string' } } });
const port = Number(values.port);
const rate = Number(values.rate);
const tickMilliseconds = 5;
const handshakeMilliseconds = 120_000;

const failures: Record<string, number> = {};
const leaves: Record<string, LeafHandshakes> = {};
let begun = 0;
let open = 0;
let isOver = false;
let latest = 0;
const start = Date.now();

const ticking = setInterval(() => {
  const due = Math.floor(((Date.now() - start) / 1_000) * rate);
  while (begun < due) begin();
}, tickMilliseconds);
process.stdin.resume().on('end', () => {
  isOver = true;
  clearInterval(ticking);
  reportAtEnd();
});
process.stdout.write('ready\n');

function begin(): void {
  const at = Date.now();
  begun += 1;
  open += 1;
  latest = at;
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: 'www.example.test',
    rejectUnauthorized: false,
  });
  let ended = false;
  const end = (failure: string | null): void => {
    if (ended) return;
    ended = true;
    open -= 1;
    if (failure !== null) failures[failure] = (failures[failure] ?? 0) + 1;
    socket.destroy();
    reportAtEnd();
  };
  socket.setTimeout(handshakeMilliseconds, () => end('no answer in time'));
  socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  socket.once('close', () => end('closed before the handshake ended'));
  socket.once('secureConnect', () => {
    countLeaf(socket.getPeerX509Certificate()?.fingerprint256 ?? 'none', at);
    end(null);
  });
}

function countLeaf(fingerprint256: string, at: number): void {
  const name = `sha256:${fingerprint256.replaceAll(':', '').toLowerCase()}`;
  if (leaves[name] === undefined) process.stdout.write(`${name}\n`);
  const { count, firstEnd, lastBegin } = leaves[name] ?? { count: 0, firstEnd: Date.now(), lastBegin: at };
  leaves[name] = { count: count + 1, firstEnd, lastBegin: Math.max(lastBegin, at) };
}

function reportAtEnd(): void {
  if (!isOver || open > 0) return;
  const report: LoadReport = { handshakes: begun, seconds: (latest - start) / 1_000, failures, leaves };
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
}
