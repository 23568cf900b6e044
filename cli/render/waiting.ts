import { createLogUpdate } from 'log-update';
import type { Terminal } from '../terminal/terminal.ts';
import { spinner } from './progress.ts';
import { duration } from './text.ts';

/**
 * Waits for `work` and shows a spinner with `text` and the elapsed time. Without a terminal, or with `json`, it draws
 * nothing. The line is removed before the function returns.
 */
export async function waitingFor<Result>(
  work: Promise<Result>,
  text: string,
  { terminal, json }: { readonly terminal: Terminal; readonly json: boolean },
): Promise<Result> {
  if (json || !terminal.interactive) return work;
  const { colours } = terminal;
  const [since, draw] = [Date.now(), createLogUpdate(process.stdout)];
  const timer = setInterval(() => {
    const now = Date.now();
    draw(`${spinner(now, colours)} ${text}  ${colours.dim(duration(now - since))}`);
  }, 100);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    draw.clear();
    draw.done();
  }
}
