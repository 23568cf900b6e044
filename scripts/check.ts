/**
 * `npm test`: builds, runs all static checks at the same time, then the tests. Stops after the step that fails. Each
 * static check prints its output when it ends.
 */
import { spawn } from 'node:child_process';

type Check = readonly [name: string, command: string, ...args: string[]];

const steps: readonly (readonly Check[])[] = [
  [['build', 'node', 'scripts/build.ts']],
  [
    ['format and lint', 'biome', 'check', '.'],
    ['import directions', 'npm', 'run', '--silent', 'deps'],
    ['types', 'tsc', '--noEmit'],
    ['unused code', 'knip'],
    ['lint with types', 'eslint', '.'],
    ['API of the construct', 'node', 'scripts/write-api.ts', '--check'],
  ],
  [['tests', 'vitest', 'run']],
];

for (const checks of steps) {
  const passed = await Promise.all(checks.map((check) => run(check, checks.length > 1)));
  if (passed.includes(false)) process.exit(1);
}

/** Runs one check, and reports how it ended. `buffered`: its output appears in one piece. */
async function run([name, command, ...args]: Check, buffered: boolean): Promise<boolean> {
  const started = performance.now();
  if (!buffered) process.stdout.write(`\n— ${name}\n`);
  const { output, status } = await outputOf(command, args, buffered);
  if (buffered) process.stdout.write(`\n— ${name}\n${output}`);
  if (status !== 0) {
    const line = [command, ...args].join(' ');
    process.stderr.write(`\n${name} failed. Run it alone: ${command === 'npm' ? line : `npx ${line}`}\n`);
    return false;
  }
  process.stdout.write(`  ${name}: ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
  return true;
}

function outputOf(
  command: string,
  args: readonly string[],
  buffered: boolean,
): Promise<{ output: string; status: number | null }> {
  const child = spawn(command, args, {
    stdio: ['ignore', ...(buffered ? (['pipe', 'pipe'] as const) : (['inherit', 'inherit'] as const))],
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ output: Buffer.concat(chunks).toString(), status }));
  });
}
