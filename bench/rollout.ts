/**
 * `npm run bench:rollout [targets…]`: rollouts to 100, 500 and 2,000 targets, each on its own host, with the built state
 * machines and functions of local mode. A stub replaces the agent (`simulated-host.ts`).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { createAuthority, type IssuedCertificate } from '../cli/demo/throwaway-ca.ts';
import { readBundle } from '../core/certificate/read-bundle.ts';
import { RegisteredTarget } from '../core/targets/registered.ts';
import { openLocalBackend } from '../local/backend/local-backend.ts';
import { simulatedHosts } from './simulated-host.ts';

const requested = process.argv.slice(2).map(Number);
const sizes = requested.length > 0 ? requested : [100, 500, 2000];
const name = 'www.example.test';
const deploymentsAtOnce = 32;

interface DriftCounts {
  readonly targets: number;
  readonly seconds: number;
  /** CPU time of this process: interpreter, functions and endpoints, without the database. */
  readonly cpuMilliseconds: number;
  readonly transitions: number;
  readonly peakMebibytes: number;
}

const authority = await createAuthority({ name: 'Bench', intermediate: true });
console.log(
  `Node ${process.version}, ${cpus().length} processors; waves of 1, 10 % and 100 %, ${deploymentsAtOnce} parallel deployments`,
);
console.log(
  '   targets    seconds  ms a target  CPU ms a target  targets a minute  rollouts a minute  transitions a target  peak memory',
);
for (const size of sizes) console.log(row(await measure(size)));

async function measure(size: number): Promise<DriftCounts> {
  const version = await authority.issue({ names: [name] });
  const folder = mkdtempSync(join(tmpdir(), 'certferry-bench-'));
  const server = await serving(version);
  const { facts } = readBundle({ certificate: version.fullchainPem, key: version.keyPem }, new Date());
  const applied = new Map<string, number>();
  const simulated = await simulatedHosts(
    {
      fingerprint: facts.fingerprint,
      chain: facts.chain,
      keyAlgorithm: facts.keyAlgorithm,
      notAfter: facts.notAfter,
    },
    (targetId) => applied.set(targetId, (applied.get(targetId) ?? 0) + 1),
  );
  const backend = await openLocalBackend({ stateDir: join(folder, 'state'), simulated, deploymentsAtOnce });
  let transitions = 0;
  const memory = sampleMemory();
  const count = ({ type }: { type: string }) => {
    if (type === 'StateEntered') transitions += 1;
  };
  try {
    const [started, cpu] = [performance.now(), process.cpuUsage()];
    const end = await backend.rollout(
      {
        certificate: { name },
        targets: Array.from({ length: size }, (_, index) => target(index, server.port)),
        version: {
          secret: { certificate: version.fullchainPem, privateKey: version.keyPem },
          fingerprint: version.fingerprint,
        },
        strategy: { waves: [1, '10%', '100%'], maxConcurrency: deploymentsAtOnce },
      },
      { onEvent: count, onDeploymentEvent: (_, event) => count(event) },
    );
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    expectAll(size, applied, end);
    return {
      targets: size,
      seconds,
      cpuMilliseconds: (user + system) / 1000,
      transitions,
      peakMebibytes: memory.stop(),
    };
  } finally {
    memory.stop();
    await backend.close();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function target(index: number, port: number): RegisteredTarget {
  return RegisteredTarget.parse({
    id: `web-${index}`,
    certificate: name,
    host: `local-${index}`,
    kind: 'files',
    config: {
      certPath: '/tmp/never-written/cert.pem',
      keyPath: '/tmp/never-written/key.pem',
      reloadCommand: ['true'],
    },
    verify: { endpoint: `127.0.0.1:${port}`, serverName: name },
  });
}

/** One TLS server for all targets. It serves the new version from the start. */
async function serving({ fullchainPem, keyPem }: IssuedCertificate) {
  const server = createServer({ cert: fullchainPem, key: keyPem });
  server.on('tlsClientError', () => undefined);
  server.on('secureConnection', (socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { port, close: () => server.close() };
}

function expectAll(
  size: number,
  applied: ReadonlyMap<string, number>,
  end: {
    readonly output: { readonly outcome: string; readonly summary: string } | null;
    readonly cause: string | null;
  },
): void {
  const once = [...applied.values()].every((times) => times === 1);
  if (end.output?.outcome === 'finished' && applied.size === size && once) return;
  throw new Error(`${applied.size} of ${size} targets: ${end.output?.summary ?? end.cause}`);
}

/** The peak resident memory of this process, sampled every 100 ms. */
function sampleMemory() {
  let peak = 0;
  const sample = () => {
    peak = Math.max(peak, process.memoryUsage().rss);
  };
  const timer = setInterval(sample, 100);
  return {
    stop(): number {
      clearInterval(timer);
      sample();
      return peak / 1_048_576;
    },
  };
}

function row({ targets, seconds, cpuMilliseconds, transitions, peakMebibytes }: DriftCounts): string {
  const cells: [string, number][] = [
    [String(targets), 10],
    [seconds.toFixed(1), 11],
    [((seconds * 1000) / targets).toFixed(1), 13],
    [(cpuMilliseconds / targets).toFixed(1), 17],
    [((targets * 60) / seconds).toFixed(0), 18],
    [(60 / seconds).toFixed(2), 19],
    [(transitions / targets).toFixed(2), 22],
    [`${peakMebibytes.toFixed(0)} MiB`, 13],
  ];
  return cells.map(([text, width]) => text.padStart(width)).join('');
}
