import { createLogUpdate } from 'log-update';
import type { Terminal } from '../terminal/terminal.ts';
import { turning } from './progress.ts';
import { duration } from './text.ts';

/**
 * Waits for `work`, and draws meanwhile what is waited for and for how long; it draws nothing where the terminal is no
 * screen, or with `json`. What was drawn is gone when it returns.
 */
export async function waitingFor<Result>(
  work: Promise<Result>,
  what: string,
  { terminal, json }: { readonly terminal: Terminal; readonly json: boolean },
): Promise<Result> {
  if (json || !terminal.interactive) return work;
  const { colours } = terminal;
  const [since, draw] = [Date.now(), createLogUpdate(process.stdout)];
  const timer = setInterval(() => {
    const now = Date.now();
    draw(`${turning(now, colours)} ${what}  ${colours.dim(duration(now - since))}`);
  }, 100);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    draw.clear();
    draw.done();
  }
}
