/** `npm test`: runs all checks, the fastest first, and stops at the first failure. */
import { spawnSync } from 'node:child_process';

const steps: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['build', 'node', 'scripts/build.ts'],
  ['format and lint', 'biome', 'check', '.'],
  [
    'import directions',
    'depcruise',
    '--config',
    '.dependency-cruiser.mjs',
    'core',
    'services',
    'agent-scripts',
    'lambdas',
    'cdk',
    'local',
    'account',
    'cli',
  ],
  ['types', 'tsc', '--noEmit'],
  ['unused code', 'knip'],
  ['lint with types', 'eslint', '.'],
  ['tests', 'vitest', 'run'],
];

for (const [name, command, ...args] of steps) {
  const started = performance.now();
  process.stdout.write(`\n— ${name}\n`);
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) {
    process.stderr.write(`\n${name} failed. Run it alone: npx ${[command, ...args].join(' ')}\n`);
    process.exit(status ?? 1);
  }
  process.stdout.write(`  ${name}: ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}
