import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ssmAgent } from '../../local/ssm/ssm-agent.ts';
import { renderDocument } from '../../scripts/render-document.ts';
import { testAgentEnvironment } from '../fixtures/signed-jobs.ts';

/** Assignments of the document. Defaults make a run succeed. */
export interface Pins {
  agentUrl?: string;
  agentSha256?: string;
  runtimeUrl?: string;
  runtimeSha256?: string;
  runtimeBytes?: number;
  /** In place of the time limits of the document, in seconds. */
  fetchSeconds?: number;
  warmSeconds?: number;
  home?: string;
}

export interface ScriptResult {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** A running script. */
export interface StartedScript {
  readonly ended: Promise<ScriptResult>;
  /** Ends the process group, as the SSM agent does. */
  cancel(): void;
  /** Kills only the shell. */
  kill(): void;
  /** Whether standard error contains the text, as soon as it does, or at the end. */
  printed(text: string): Promise<boolean>;
}

/** The basic programs of the script, for a PATH that lacks others. */
const basics = [
  ...'sh sha256sum cp mv rm ls mkdir mktemp chmod touch find sync uname gunzip gzip'.split(' '),
  ...'sed env stat df flock readlink id head tail grep od tr date cat timeout'.split(' '),
];

/** Stands in for the agent and prints its environment. */
const standInAgent = (mark: string): string =>
  `process.stdout.write(JSON.stringify({
    mark: ${JSON.stringify(mark)}, home: process.env.CERTFERRY_HOME, job: process.env.CERTFERRY_JOB,
    left: ['SSM_Job', 'NODE_OPTIONS', 'NODE_PATH'].filter((name) => name in process.env), runtime: process.env.RUNTIME,
  }));`;

export const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** The POSIX shells installed on this machine. */
export const shells: readonly (readonly string[])[] = [
  ['sh'],
  ['dash'],
  ['bash', '--posix'],
  ['busybox', 'sh'],
].filter(([command = '', ...args]) => spawnSync(command, [...args, '-c', ':']).status === 0);

/** Each shell with the programs of this machine, and the shell of BusyBox with its own. */
export const hostKinds = [
  ...shells.map((shell) => ({ name: shell.join(' '), shell, hasOnlyBusybox: false })),
  ...shells
    .filter(([command]) => command === 'busybox')
    .map((shell) => ({ name: 'busybox sh with its own programs', shell, hasOnlyBusybox: true })),
];

/** A folder that simulates the host and the origin of the agent. `create` makes it, also a second time. */
export class BootstrapHost {
  root = '';
  agent = { url: '', path: '', sha256: '' };

  create(): this {
    this.root = mkdtempSync(join(tmpdir(), 'certferry bootstrap '));
    this.publishAgent('first');
    return this;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  get home(): string {
    return join(this.root, 'home');
  }

  get bin(): string {
    return join(this.home, 'bin');
  }

  get ssmFolder(): string {
    return join(this.root, 'ssm');
  }

  /** Simulates the folder with which Bottlerocket runs its SSM Agent, if it exists. */
  get bottlerocketFolder(): string {
    return join(this.root, 'bottlerocket');
  }

  /** Simulates the routes of the kernel. */
  get networkFolder(): string {
    return join(this.root, 'net');
  }

  /** Writes a file that the script can fetch. */
  publish(name: string, content: string | Buffer): { url: string; path: string; sha256: string } {
    const path = join(this.root, name);
    writeFileSync(path, content);
    return { url: `file://${path}`, path, sha256: sha256(content) };
  }

  publishAgent(mark: string): { url: string; path: string; sha256: string } {
    this.agent = this.publish('agent.cjs', standInAgent(mark));
    return this.agent;
  }

  /** A small runtime: it reports its start, and runs the agent with the Node of the test. */
  publishRuntime(mark: string): { url: string; path: string; sha256: string } {
    return this.publish(
      'runtime',
      `#!/bin/sh\n[ "$1" = --version ] && { echo v24.0.0; exit; }\nRUNTIME=${mark} exec '${process.execPath}' "$@"\n`,
    );
  }

  /** A PATH with the basics, the named programs of this machine, and the given scripts. */
  path(programs: readonly string[], scripts: Readonly<Record<string, string>> = {}): string {
    const folder = mkdtempSync(join(this.root, 'path '));
    for (const program of [...basics, ...programs]) {
      const { stdout } = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' });
      if (stdout.startsWith('/')) symlinkSync(stdout.trim(), join(folder, program));
    }
    for (const [name, text] of Object.entries(scripts)) {
      rmSync(join(folder, name), { force: true });
      writeFileSync(join(folder, name), text);
      chmodSync(join(folder, name), 0o755);
    }
    return folder;
  }

  /** A PATH with the basics and Node, without one program. */
  pathWithout(program: string): string {
    const folder = this.path(['node']);
    rmSync(join(folder, program), { force: true });
    return folder;
  }

  /** A PATH with the basics of BusyBox, where it has them, and the named programs of this machine. */
  busyboxPath(programs: readonly string[]): string {
    const folder = this.path(['busybox', 'setpriv', 'unshare', 'mount', ...programs]);
    chmodSync(folder, 0o755);
    const { stdout } = spawnSync('busybox', ['--list'], { encoding: 'utf8' });
    for (const applet of basics.filter((name) => stdout.split('\n').includes(name))) {
      rmSync(join(folder, applet), { force: true });
      symlinkSync(realpathSync(join(folder, 'busybox')), join(folder, applet));
    }
    return folder;
  }

  /** A PATH with the basics and Node, on which the calls of one program are counted from 0. */
  countingPath(program: string): string {
    const { stdout } = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' });
    writeFileSync(this.#callsOf(program), '');
    const script = `#!/bin/sh\necho >>'${this.#callsOf(program)}'\nexec ${stdout.trim()} "$@"\n`;
    // a link of the basics would lead to the program of this machine
    const folder = this.pathWithout(program);
    writeFileSync(join(folder, program), script, { mode: 0o755 });
    return folder;
  }

  /** The calls since the last `countingPath`. */
  counted(program: string): number {
    return readFileSync(this.#callsOf(program), 'utf8').length;
  }

  #callsOf(program: string): string {
    return join(this.root, `calls of ${program}`);
  }

  cached(): string[] {
    return readdirSync(this.bin).sort();
  }

  /** The document's script with its placeholders filled in. */
  script(pins: Pins): string {
    const values: Readonly<Record<string, string>> = {
      AgentUrl: pins.agentUrl ?? this.agent.url,
      AgentSha256: pins.agentSha256 ?? this.agent.sha256,
      RuntimeUrl: pins.runtimeUrl ?? 'host',
      RuntimeSha256: pins.runtimeSha256 ?? '',
      RuntimeBytes: String(pins.runtimeBytes ?? ''),
      Home: pins.home ?? this.home,
      Role: testAgentEnvironment.CERTFERRY_ROLE,
      JobKeys: testAgentEnvironment.CERTFERRY_JOB_KEYS,
      FenceStep: testAgentEnvironment.CERTFERRY_FENCE_STEP,
    };
    const lines: string[] = JSON.parse(renderDocument()).mainSteps[0].inputs.runCommand;
    const limits = { FETCH_SECONDS: pins.fetchSeconds, WARM_SECONDS: pins.warmSeconds };
    const limited = lines.map((line) => {
      const [name = ''] = line.split('=');
      const seconds = limits[name as keyof typeof limits];
      return seconds === undefined ? line : `${name}=${seconds}`;
    });
    const text = limited
      .join('\n')
      // the folder of the SSM Agent is one of the test
      .replace('ssm_folder=/var/lib/amazon/ssm', `ssm_folder='${this.ssmFolder}'`)
      .replace('bottlerocket_folder=/.bottlerocket', `bottlerocket_folder='${this.bottlerocketFolder}'`)
      .replace('network=/proc/net', `network='${this.networkFolder}'`)
      .replaceAll(/\$\{([A-Z][A-Za-z0-9]+)\}/g, (_, name) => values[name] ?? '');
    const folder = mkdtempSync(join(this.root, 'run '));
    // a test may run the script as another user
    chmodSync(folder, 0o755);
    const file = join(folder, '_script.sh');
    writeFileSync(file, text);
    return file;
  }

  /** Runs the script as the SSM agent would. */
  run(
    pins: Pins = {},
    env: NodeJS.ProcessEnv = {},
    shell: readonly string[] = ['sh'],
  ): Promise<ScriptResult> {
    return this.start(pins, env, shell).ended;
  }

  /** Starts the script in a new process group. */
  start(pins: Pins = {}, env: NodeJS.ProcessEnv = {}, shell: readonly string[] = ['sh']): StartedScript {
    const [command = 'sh', ...args] = shell;
    const child = spawn(command, [...args, this.script(pins)], {
      env: { PATH: process.env.PATH, SSM_Job: 'aGk', ...env },
      cwd: ssmAgent.workingDirectory.value,
      stdio: [ssmAgent.standardInput.value, 'pipe', 'pipe'],
      detached: true,
    });
    const ended: ScriptResult = { status: null, stdout: '', stderr: '' };
    child.stdout.on('data', (text) => {
      ended.stdout += text;
    });
    child.stderr.on('data', (text) => {
      ended.stderr += text;
    });
    return {
      ended: new Promise((resolve) => child.on('close', (status) => resolve({ ...ended, status }))),
      cancel: () => {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      },
      kill: () => void child.kill('SIGKILL'),
      printed: (text) =>
        new Promise((resolve) => {
          const check = () => ended.stderr.includes(text) && resolve(true);
          child.stderr.on('data', check);
          child.on('close', () => resolve(false));
          check();
        }),
    };
  }

  tamper(name: string): void {
    const path = join(this.bin, name);
    writeFileSync(path, `${readFileSync(path, 'utf8')}\nprocess.exit(0);`);
  }

  makeHome(): void {
    mkdirSync(this.bin, { recursive: true });
  }
}
