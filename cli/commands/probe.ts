import type { ProbeProtocol } from '../../core/target/verify.ts';
import { type AddressLook, look, type PresentedFacts } from '../../core/tls-probe/look.ts';
import { notPresentedExitCode } from '../exit-codes.ts';
import { daysBetween, minute } from '../render/text.ts';
import { waitingFor } from '../render/waiting.ts';
import type { Terminal } from '../terminal.ts';

export interface ProbeOptions {
  readonly serverName?: string;
  readonly protocol: ProbeProtocol;
  readonly expect?: string;
  readonly json?: boolean;
}

/** A person waits for this, so it is as patient as a person and not as a deployment. */
const timeoutSeconds = 10;

/**
 * `certferry probe`: what every address of an endpoint presents. Exit code 0 when every one answered and, with an
 * expectation, presents that leaf; 1 otherwise, a name that does not resolve included.
 */
export async function probe(endpoint: string, options: ProbeOptions, terminal: Terminal): Promise<number> {
  const { serverName, protocol, expect: expected = null } = options;
  const now = new Date();
  const answers = lookAround({ endpoint, serverName, protocol, timeoutSeconds }, now);
  const json = options.json === true;
  const addresses = await waitingFor(answers, `asking ${endpoint}`, { terminal, json });
  const ok = addresses.every(({ presented }) => isAsExpected(presented, expected));
  if (json) {
    terminal.out(
      JSON.stringify({ endpoint, serverName: serverName ?? null, protocol, expected, ok, addresses }),
    );
  } else {
    for (const address of addresses) print(address, expected, terminal, now);
  }
  return ok ? 0 : notPresentedExitCode;
}

/** A name without an address is an answer as well. */
async function lookAround(question: Parameters<typeof look>[0], now: Date): Promise<AddressLook[]> {
  try {
    return await look(question, now);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ProbeFailed') throw error;
    return [{ address: question.endpoint, problem: error.message, presented: null }];
  }
}

function isAsExpected(presented: PresentedFacts | null, expected: string | null): boolean {
  return presented !== null && (expected === null || presented.fingerprint === expected);
}

function print(
  { address, problem, presented }: AddressLook,
  expected: string | null,
  terminal: Terminal,
  now: Date,
) {
  const { out, colours } = terminal;
  if (presented === null) {
    out(`${colours.red('✖')} ${colours.bold(address)}  ${problem}`);
    return;
  }
  const ok = isAsExpected(presented, expected);
  const verdict = expected === null ? '' : ok ? '  presents what is expected' : '  presents another leaf';
  out(`${ok ? colours.green('✔') : colours.red('✖')} ${colours.bold(address)}${verdict}`);
  for (const [what, value] of rows(presented, now)) out(`  ${what.padEnd(12)}${value}`);
  for (const warning of presented.warnings) out(colours.yellow(`  warning: ${warning}`));
}

function rows(presented: PresentedFacts, now: Date): readonly (readonly [string, string])[] {
  const { notBefore, notAfter, chainLength } = presented;
  return [
    ['names', presented.names.join(', ')],
    ['issuer', presented.issuer],
    ['valid', `${minute(notBefore)} to ${minute(notAfter)} UTC`],
    ['expires', daysBetween(now.getTime() / 1000, notAfter)],
    ['sent', chainLength === 1 ? 'the leaf alone' : `${chainLength} certificates`],
    ['TLS', `${presented.tlsVersion}, ${presented.cipher}`],
    ['fingerprint', presented.fingerprint],
  ];
}
