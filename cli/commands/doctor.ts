import type { Check } from '../../account/doctor/check.ts';
import { type BackendOptions, selectStack } from '../options/backend-options.ts';
import { fold } from '../render/text.ts';
import { checksFailedExitCode } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withStackBackend } from './open-backend.ts';

/** `certferry doctor`: checks everything that a rollout needs. Exit code 1 if a check failed. */
export async function doctor(options: BackendOptions, terminal: Terminal): Promise<number> {
  const checks = await withStackBackend(selectStack(options, 'doctor'), (backend) =>
    backend.doctor(new Date()),
  );
  const ok = checks.every((check) => check.ok);
  if (options.json === true) terminal.out(JSON.stringify({ ok, checks }));
  else for (const line of doctorLines(checks, terminal)) terminal.out(line);
  return ok ? 0 : checksFailedExitCode;
}

/** One line for each check, and the next step below each failed check. */
export function doctorLines(checks: readonly Check[], { colours, width }: Terminal): string[] {
  const nameWidth = Math.max(0, ...checks.map(({ name }) => name.length));
  const indent = ' '.repeat(nameWidth + 4);
  const lines = checks.flatMap(({ name, ok, found, next }) => {
    const [first = '', ...rest] = fold(found, Math.max(width - indent.length, 24));
    const sign = ok ? colours.green('✔') : colours.red('✖');
    const steps = next === null ? [] : fold(next, Math.max(width - indent.length - 2, 24));
    return [
      `${sign} ${name.padEnd(nameWidth)}  ${first}`,
      ...rest.map((line) => indent + line),
      ...steps.map((line, at) => `${indent}${at === 0 ? '→' : ' '} ${line}`),
    ];
  });
  const failed = checks.filter(({ ok }) => !ok).length;
  const total = failed === 0 ? 'All checks passed.' : `${failed} of ${checks.length} checks failed.`;
  return [...lines, '', total];
}
