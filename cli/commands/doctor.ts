import type { Check } from '../../account/stack-backend.ts';
import { type PlaceOptions, stackOf } from '../options/backend-options.ts';
import { fold } from '../render/text.ts';
import { notHealthyExitCode } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withAccount } from './open-backend.ts';

/** `certferry doctor`: everything that a rollout needs. Exit code 1 when there is something to do. */
export async function doctor(options: PlaceOptions, terminal: Terminal): Promise<number> {
  const checks = await withAccount(stackOf(options, 'doctor'), (account) => account.doctor(new Date()));
  const ok = checks.every((check) => check.ok);
  if (options.json === true) terminal.out(JSON.stringify({ ok, checks }));
  else for (const line of doctorLines(checks, terminal)) terminal.out(line);
  return ok ? 0 : notHealthyExitCode;
}

/** A line for each check, and what to do below those that ask for it. */
export function doctorLines(checks: readonly Check[], { colours, width }: Terminal): string[] {
  const nameWidth = Math.max(0, ...checks.map(({ name }) => name.length));
  const indent = ' '.repeat(nameWidth + 4);
  const lines = checks.flatMap(({ name, ok, found, next }) => {
    const [first = '', ...rest] = fold(found, Math.max(width - indent.length, 24));
    const sign = ok ? colours.green('✔') : colours.red('✖');
    const todo = next === null ? [] : fold(next, Math.max(width - indent.length - 2, 24));
    return [
      `${sign} ${name.padEnd(nameWidth)}  ${first}`,
      ...rest.map((line) => indent + line),
      ...todo.map((line, at) => `${indent}${at === 0 ? '→' : ' '} ${line}`),
    ];
  });
  const amiss = checks.filter(({ ok }) => !ok).length;
  return [
    ...lines,
    '',
    amiss === 0 ? 'All is well.' : `${amiss} of ${checks.length} checks ask for something.`,
  ];
}
