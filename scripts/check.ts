/** `npm test`: runs all checks, the fastest first, and stops at the first failure. */
import { spawnSync } from 'node:child_process';

const steps: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['build', 'node', 'scripts/build.ts'],
  ['format and lint', 'biome', 'check', '.'],
  ['import directions', 'npm', 'run', '--silent', 'deps'],
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
    const line = [command, ...args].join(' ');
    process.stderr.write(`\n${name} failed. Run it alone: ${command === 'npm' ? line : `npx ${line}`}\n`);
    process.exit(status ?? 1);
  }
  process.stdout.write(`  ${name}: ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}
