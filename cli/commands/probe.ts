import { isCertferryError } from '../../core/errors.ts';
import type { ProbeProtocol } from '../../core/targets/kinds/probe-protocol.ts';
import {
  type AddressInspection,
  inspectEndpoint,
  type ServedFacts,
} from '../../core/tls-probe/inspect-endpoint.ts';
import { daysBetween } from '../render/text.ts';
import { type Times, timesOf } from '../render/times.ts';
import { waitingFor } from '../render/waiting.ts';
import { notServedExitCode } from '../terminal/exit-codes.ts';
import type { Terminal } from '../terminal/terminal.ts';

export interface ProbeOptions {
  readonly serverName?: string;
  readonly protocol: ProbeProtocol;
  readonly expect?: string;
  readonly json?: boolean;
  readonly utc?: boolean;
}

/** Longer than in deployments: an operator runs it once and waits for the result. */
const timeoutSeconds = 10;

/**
 * `certferry probe`: what every address of an endpoint serves. Exit code 0 if every address completed a handshake and, with
 * `--expect`, serves that leaf; otherwise 1, also if the name does not resolve.
 */
export async function probe(endpoint: string, options: ProbeOptions, terminal: Terminal): Promise<number> {
  const { serverName, protocol, expect: expected = null } = options;
  const now = new Date();
  const inspections = inspectEndpoints({ endpoint, serverName, protocol, timeoutSeconds }, now);
  const json = options.json === true;
  const addresses = await waitingFor(inspections, `probing ${endpoint}`, { terminal, json });
  const ok = addresses.every(({ served }) => isAsExpected(served, expected));
  if (json) {
    terminal.out(
      JSON.stringify({ endpoint, serverName: serverName ?? null, protocol, expected, ok, addresses }),
    );
  } else {
    const view = { expected, now, times: timesOf(options) };
    for (const address of addresses) print(address, view, terminal);
  }
  return ok ? 0 : notServedExitCode;
}

const probeErrors: readonly string[] = ['ProbeFailed', 'ProbeUnavailable'];

/** A name that does not resolve is a result, too. */
async function inspectEndpoints(
  request: Parameters<typeof inspectEndpoint>[0],
  now: Date,
): Promise<AddressInspection[]> {
  try {
    return await inspectEndpoint(request, now);
  } catch (error) {
    if (!isCertferryError(error) || !probeErrors.includes(error.name)) throw error;
    return [{ address: request.endpoint, problem: error.message, served: null }];
  }
}

function isAsExpected(served: ServedFacts | null, expected: string | null): boolean {
  return served !== null && (expected === null || served.fingerprint === expected);
}

interface View {
  readonly expected: string | null;
  readonly now: Date;
  readonly times: Times;
}

function print({ address, problem, served }: AddressInspection, view: View, { out, colours }: Terminal) {
  const { expected } = view;
  if (served === null) {
    out(`${colours.red('✖')} ${colours.bold(address)}  ${problem}`);
    return;
  }
  const ok = isAsExpected(served, expected);
  const verdict = expected === null ? '' : ok ? '  serves the expected leaf' : '  serves another leaf';
  out(`${ok ? colours.green('✔') : colours.red('✖')} ${colours.bold(address)}${verdict}`);
  for (const [label, value] of rows(served, view)) out(`  ${label.padEnd(12)}${value}`);
  for (const warning of served.warnings) out(colours.yellow(`  warning: ${warning}`));
}

function rows(served: ServedFacts, { now, times }: View): readonly (readonly [string, string])[] {
  const { notBefore, notAfter, chainLength } = served;
  return [
    ['names', served.names.join(', ')],
    ['issuer', served.issuer],
    ['valid', `${times.minute(notBefore)} to ${times.minute(notAfter)} (${times.zone})`],
    ['expires', daysBetween(now.getTime() / 1000, notAfter)],
    ['sent', chainLength === 1 ? 'leaf only' : `${chainLength} certificates`],
    ['TLS', `${served.tlsVersion}, ${served.cipher}`],
    ['fingerprint', served.fingerprint],
  ];
}
