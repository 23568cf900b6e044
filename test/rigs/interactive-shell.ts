import { spawn } from 'node:child_process';
import { once } from 'node:events';

const prompt = 'READY>';

/**
 * Runs a shell on a terminal of its own (script(1)), types each line when the prompt is shown, and returns what the terminal
 * showed. A tab in a line completes, as the key does.
 */
export async function typedInto(shell: string, cwd: string, lines: readonly string[]): Promise<string> {
  const child = spawn('script', ['-qefc', shell, '/dev/null'], {
    cwd,
    env: { PATH: process.env.PATH, TERM: 'dumb', PS1: prompt, HOME: cwd },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting = [...lines, 'exit'];
  let shown = '';
  let seen = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    const at = shown.indexOf(prompt, seen);
    if (at === -1) return;
    seen = at + prompt.length;
    child.stdin.write(`${waiting.shift() ?? ''}\r`);
  });
  await once(child, 'close');
  return shown;
}
