import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { isExecutable } from '../../core/paths/is-executable.ts';
import { requireTrustedPath } from '../../core/paths/path-reader.ts';
import { type HookTool, hookTools } from '../hook/hook-files.ts';
import { type FileChange, installHook, removeHook } from '../hook/install-hook.ts';
import { readMachineTargets } from '../hook/machine-targets.ts';
import { quoted } from '../options/command-line.ts';
import { UsageError } from '../terminal/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface HookInstallOptions {
  readonly targets?: string;
  readonly state?: string;
  readonly folder?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `certferry hook install TOOL [LIVE]`: writes the hook of a renewal tool, and prints what remains to be done. */
export function hookInstall(
  tool: HookTool,
  live: string | undefined,
  options: HookInstallOptions,
  terminal: Terminal,
): number {
  const { dryRun = false } = options;
  const { file, state } = readMachineTargets(options);
  // the hook runs the commands in this file, and would fail at the first renewal if it could not be read
  requireTrustedPath('the targets file', file);
  const { files, next } = filesOf(tool, live, {
    ...options,
    targets: file,
    ...(state !== undefined && { state }),
  });
  return print(installHook(tool, files, { dryRun }), dryRun ? [] : next, options, terminal);
}

/** `certferry hook remove TOOL [LIVE]`. */
export function hookRemove(
  tool: HookTool,
  live: string | undefined,
  options: HookInstallOptions,
  terminal: Terminal,
): number {
  const { files } = filesOf(tool, live, options);
  return print(removeHook(tool, files, { dryRun: options.dryRun ?? false }), [], options, terminal);
}

function filesOf(tool: HookTool, live: string | undefined, options: HookInstallOptions) {
  const { folder: usual, files, needsLive = false } = hookTools[tool];
  if (needsLive && live === undefined) {
    throw new UsageError(
      `name the folder of the certificate: certferry hook install ${tool} /etc/letsencrypt/live/NAME`,
    );
  }
  if (!needsLive && live !== undefined)
    throw new UsageError(`hook install ${tool} accepts no folder of a certificate`);
  if (live !== undefined && !(isAbsolute(live) && /^[\w./-]+$/.test(live))) {
    throw new UsageError(`${live}: use an absolute path of letters, digits, ".", "_" and "-"`);
  }
  return files({ folder: resolve(options.folder ?? usual), command: commandOf(options), live });
}

/** With absolute paths: cron and systemd have another PATH, and another working directory. */
function commandOf({ targets, state }: HookInstallOptions): string {
  const words = [
    ...certferry(),
    'hook',
    ...(targets === undefined ? [] : ['--targets', resolve(targets)]),
    ...(state === undefined ? [] : ['--state', resolve(state)]),
  ];
  return words.map(quoted).join(' ');
}

/** The installed command, or this process if it is not installed. */
function certferry(): string[] {
  const installed = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .map((folder) => join(folder, 'certferry'))
    .find(isExecutable);
  return installed === undefined ? [process.execPath, resolve(process.argv[1] ?? 'certferry')] : [installed];
}

function print(
  changes: readonly FileChange[],
  next: readonly string[],
  { dryRun = false, json = false }: HookInstallOptions,
  { out, colours }: Terminal,
): number {
  if (json) out(JSON.stringify({ dryRun, changes, next }));
  else {
    for (const { path, what } of changes)
      out(`${colours.green('✔')} ${path}: ${dryRun ? `would be ${what}` : what}`);
    for (const line of next) out(`  Next step:  ${line}`);
  }
  return 0;
}
