import { readFileSync } from 'node:fs';

/** One system call of a run: name, number among the calls of that name (from 1), and text. */
export interface Call {
  readonly name: string;
  readonly nth: number;
  readonly text: string;
}

/** System calls that change files, names, metadata or durability. */
const changing =
  /^(openat|open|creat|write|writev|pwrite64|rename|renameat|renameat2|link|linkat|symlink|symlinkat|unlink|unlinkat|rmdir|mkdir|mkdirat|chmod|fchmod|fchmodat|chown|fchown|fchownat|lchown|ftruncate|truncate|fsync|fdatasync|copy_file_range|sendfile|ioctl)$/;

/** strace options that record a run for {@link fileChangingCalls}: `-y` shows the path behind each descriptor. */
export function recordTo(trace: string): string[] {
  return ['strace', '-qq', '-y', '-s', '32', '-o', trace, '-e', 'trace=all'];
}

/** strace options that kill the run with SIGKILL as it enters the given call. */
export function killAt(call: Call): string[] {
  return [
    'strace',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    `trace=${call.name}`,
    '-e',
    `inject=${call.name}:signal=KILL:when=${call.nth}`,
  ];
}

/** strace options that stop the run with SIGSTOP around the given call, and record that in `trace`. */
export function stopAt(call: Call, trace: string): string[] {
  const inject = `inject=${call.name}:signal=STOP:when=${call.nth}`;
  return ['strace', '-qq', '-o', trace, '-e', `trace=${call.name}`, '-e', inject];
}

/** All calls of a recorded run that name `folder` or a file in it. */
export function callsOn(trace: string, folder: string): Call[] {
  return calls(trace).filter(({ text }) => text.includes(folder));
}

/** The calls of a recorded run that change files in `folder`, without those that open a file for reading. */
export function fileChangingCalls(trace: string, folder: string): Call[] {
  return callsOn(trace, folder).filter(
    ({ name, text }) => changing.test(name) && !isReadOnlyOpen(name, text),
  );
}

function calls(trace: string): Call[] {
  const seen = new Map<string, number>();
  return readFileSync(trace, 'utf8')
    .split('\n')
    .flatMap((text) => {
      const name = /^([a-z0-9_]+)\(/.exec(text)?.[1];
      if (name === undefined) return [];
      const nth = (seen.get(name) ?? 0) + 1;
      seen.set(name, nth);
      return [{ name, nth, text }];
    });
}

function isReadOnlyOpen(name: string, text: string): boolean {
  return name.startsWith('open') && !/O_(CREAT|WRONLY|RDWR|TRUNC)/.test(text);
}
