// The time of each everyday command in local mode, as a user waits for it: a process from its start to its end. The endpoint is a
// server on the loopback interface, and the state folder is new. The daemon's reload and the network of a real host come on top.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { RegisteredTarget } from '../core/targets/registered.ts';
import { openLocalBackend } from '../local/backend/local-backend.ts';
import { aWorkplace, endpointOf } from '../test/cli/command.ts';
import { aTarget } from '../test/cli/finished.ts';
import { measureInTurn, show } from './measure.ts';

const rounds = 5;
const manyTargets = 2_000;

const place = await aWorkplace();
try {
  const versions = [await place.issue(), await place.issue()] as const;
  const deploy = (round: number, ...more: string[]) =>
    place.deploy(versions[round % 2 === 0 ? 0 : 1], ...more);
  const run =
    (...words: string[]) =>
    () =>
      place.run(...words);
  await mustSucceed('the first deployment', () => deploy(1));
  const endpoint = endpointOf(place.server);
  print(
    await measure({
      '--version': run('--version'),
      'deploy --help': run('deploy', '--help'),
      schema: run('schema'),
      check: run('check', 'cert.pem', '--key', 'key.pem'),
      probe: run('probe', endpoint),
      'targets list': run('targets', 'list', '--local'),
      status: run('status', '--local'),
      'status --probe': run('status', '--local', '--probe'),
      'status --html': run('status', '--local', '--html', 'status.html'),
      sweep: run('sweep', '--local'),
      history: run('history', '--local'),
      rollouts: run('rollouts', '--local'),
      'inspect last': run('inspect', '--local', 'last'),
      'deploy (another version)': (round) => deploy(round),
      'deploy (unchanged)': (round) => deploy(round),
      'deploy --dry-run': (round) => deploy(round, '--dry-run'),
    }),
  );
  await registerMany();
  // exit code 1: these targets were never deployed
  print(await measure({ [`status (${manyTargets} targets)`]: run('status', '--local') }, [0, 1]));
  console.log(`\n${rounds} rounds on ${availableParallelism()} processors: median (minimum to maximum)`);
} finally {
  await place.stop();
}

type Runs = Record<
  string,
  (round: number) => Promise<{ readonly code: number | null; readonly err: string }>
>;

/** Measures the commands in turn. Throws if one fails, because a failure has another duration. */
function measure(runs: Runs, codes: readonly number[] = [0]) {
  const programs = Object.entries(runs).map(([name, start]) => [
    name,
    (round: number) => mustSucceed(name, () => start(round), codes),
  ]);
  return measureInTurn(rounds, Object.fromEntries(programs));
}

async function mustSucceed(
  name: string,
  start: () => ReturnType<Runs[string]>,
  codes: readonly number[] = [0],
): Promise<void> {
  const { code, err } = await start();
  if (code === null || !codes.includes(code)) throw new Error(`${name} exited with ${code}: ${err}`);
}

async function registerMany(): Promise<void> {
  const backend = await openLocalBackend({ stateDir: join(place.folder, 'state') });
  try {
    const ids = Array.from({ length: manyTargets }, (_, at) => `web-${at}`);
    await backend.register(ids.map((id) => RegisteredTarget.parse({ ...aTarget(), id, host: 'local' })));
  } finally {
    await backend.close();
  }
}

function print(timings: Awaited<ReturnType<typeof measure>>): void {
  for (const [name, timing] of Object.entries(timings)) console.log(`${name.padEnd(26)} ${show(timing)}`);
}
