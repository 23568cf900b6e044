import type { ProbeProtocol } from '../../core/targets/kinds/probe-protocol.ts';
import { type AddressInspection, look, type ServedFacts } from '../../core/tls-probe/inspect-endpoint.ts';
import { daysBetween, minute } from '../render/text.ts';
import { waitingFor } from '../render/waiting.ts';
import { notServedExitCode } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface ProbeOptions {
  readonly serverName?: string;
  readonly protocol: ProbeProtocol;
  readonly expect?: string;
  readonly json?: boolean;
}

/** A person waits for this, so it is as patient as a person and not as a deployment. */
const timeoutSeconds = 10;

/**
 * `certferry probe`: what every address of an endpoint serves. Exit code 0 when every one answered and, with an
 * expectation, serves that leaf; 1 otherwise, a name that does not resolve included.
 */
export async function probe(endpoint: string, options: ProbeOptions, terminal: Terminal): Promise<number> {
  const { serverName, protocol, expect: expected = null } = options;
  const now = new Date();
  const answers = inspectEndpoints({ endpoint, serverName, protocol, timeoutSeconds }, now);
  const json = options.json === true;
  const addresses = await waitingFor(answers, `asking ${endpoint}`, { terminal, json });
  const ok = addresses.every(({ served }) => isAsExpected(served, expected));
  if (json) {
    terminal.out(
      JSON.stringify({ endpoint, serverName: serverName ?? null, protocol, expected, ok, addresses }),
    );
  } else {
    for (const address of addresses) print(address, expected, terminal, now);
  }
  return ok ? 0 : notServedExitCode;
}

/** A name without an address is an answer as well. */
async function inspectEndpoints(
  question: Parameters<typeof look>[0],
  now: Date,
): Promise<AddressInspection[]> {
  try {
    return await look(question, now);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ProbeFailed') throw error;
    return [{ address: question.endpoint, problem: error.message, served: null }];
  }
}

function isAsExpected(served: ServedFacts | null, expected: string | null): boolean {
  return served !== null && (expected === null || served.fingerprint === expected);
}

function print(
  { address, problem, served }: AddressInspection,
  expected: string | null,
  terminal: Terminal,
  now: Date,
) {
  const { out, colours } = terminal;
  if (served === null) {
    out(`${colours.red('✖')} ${colours.bold(address)}  ${problem}`);
    return;
  }
  const ok = isAsExpected(served, expected);
  const verdict = expected === null ? '' : ok ? '  serves what is expected' : '  serves another leaf';
  out(`${ok ? colours.green('✔') : colours.red('✖')} ${colours.bold(address)}${verdict}`);
  for (const [what, value] of rows(served, now)) out(`  ${what.padEnd(12)}${value}`);
  for (const warning of served.warnings) out(colours.yellow(`  warning: ${warning}`));
}

function rows(served: ServedFacts, now: Date): readonly (readonly [string, string])[] {
  const { notBefore, notAfter, chainLength } = served;
  return [
    ['names', served.names.join(', ')],
    ['issuer', served.issuer],
    ['valid', `${minute(notBefore)} to ${minute(notAfter)} UTC`],
    ['expires', daysBetween(now.getTime() / 1000, notAfter)],
    ['sent', chainLength === 1 ? 'the leaf alone' : `${chainLength} certificates`],
    ['TLS', `${served.tlsVersion}, ${served.cipher}`],
    ['fingerprint', served.fingerprint],
  ];
}
