import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';

const binary = resolve(import.meta.dirname, '../../cli/certferry.mjs');

/** What one run of the `certferry` command printed, and the one JSON document of `--json`. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly json: Report;
}

/** The shape that `--json` promises (docs/cli.md). */
export interface Report {
  readonly executionId: string;
  readonly outcome: string;
  readonly summary: string;
  readonly targets: readonly {
    readonly targetId: string;
    readonly outcome: string;
    readonly summary: string;
    readonly fingerprint: string | null;
    readonly previousFingerprint: string | null;
    readonly states: readonly string[];
    readonly durationMs: number;
  }[];
}

/** A running `certferry`, for tests that end it before it has ended. */
export function startCertferry(args: readonly string[]) {
  const child = spawn(process.execPath, [binary, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<Run>((done) => {
    child.once('close', (code) => done({ code, stdout, stderr, json: parse(stdout) }));
  });
  return { child, ended };
}

/** Runs the `certferry` command as a user would. */
export function certferry(...args: readonly string[]): Promise<Run> {
  return startCertferry(args).ended;
}

/** Writes a version's files as an ACME client leaves them. */
export function versionFiles(folder: string, version: IssuedCertificate): { cert: string; key: string } {
  mkdirSync(folder, { recursive: true });
  const files = { cert: join(folder, 'fullchain.pem'), key: join(folder, 'privkey.pem') };
  writeFileSync(files.cert, version.fullchainPem);
  writeFileSync(files.key, version.keyPem, { mode: 0o600 });
  return files;
}

function parse(stdout: string): Report {
  try {
    return JSON.parse(stdout) as Report;
  } catch {
    return { executionId: '', outcome: '(no JSON)', summary: stdout, targets: [] };
  }
}
