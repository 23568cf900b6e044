import { describe, expect, test } from 'vitest';
import { agentLine, type HostInspection } from '../../../core/deployment/agent-line.ts';
import { inspectionFromHost } from '../../../core/drift/host-inspection.ts';
import { Verify } from '../../../core/targets/verify.ts';
import { fingerprint } from '../../fixtures/factories.ts';

const now = new Date('2026-11-22T12:00:00Z');
const verify = Verify.parse({ endpoint: 'mail.example.com:25', protocol: 'smtp', requireChain: false });
const question = { targetId: 'mail', host: 'i-1', verify, version: null };
const [leaf, intermediate] = [fingerprint('leaf'), fingerprint('intermediate')];

const answered = (inspections?: HostInspection[]) => {
  const about = { deploymentId: 'sweep-1', targetId: 'web', outcome: 'inspected', summary: 'said' } as const;
  return { kind: 'answered', line: agentLine({ ...about, ...(inspections && { inspections }) }) } as const;
};

describe('what a host saw', () => {
  test('The inspection by a host contains each address, with the days left by the clock of the sweep', () => {
    const notAfter = now.getTime() / 1000 + 10 * 86_400 - 1;
    const served = { fingerprint: leaf, chain: [intermediate], notAfter };
    const seen = [
      { address: '10.0.0.1:25', problem: null, served },
      { address: '[2001:db8::1]:25', problem: 'no route', served: null, noRoute: true as const },
    ];

    const result = inspectionFromHost(question, answered([{ targetId: 'mail', seen }]), now);

    expect(result).toEqual({
      addresses: 'all',
      requireChain: false,
      inspections: [{ ...seen[0], served: { ...served, daysLeft: 9 } }, { ...seen[1] }],
    });
  });

  test.each([
    ['left out of the line', [{ targetId: 'mail', seen: null }]],
    ['of other targets only', [{ targetId: 'web', seen: [] }]],
  ])('What a host saw is nothing that could be judged when it is %s', (_, inspections) => {
    expect(inspectionFromHost(question, answered(inspections), now)).toEqual({
      notInspected: 'the result of its host was too long',
    });
  });

  test('What a host saw is nothing when its agent did something else', () => {
    expect(inspectionFromHost(question, answered(), now)).toEqual({
      notInspected: 'its host did not probe: said',
    });
  });

  test('An offline host makes the target unreachable, and a host that was not asked makes it not_probed', () => {
    expect(inspectionFromHost(question, { kind: 'offline', why: 'stopped' }, now)).toMatchObject({
      inspections: [{ address: verify.endpoint, problem: 'its host is offline: stopped', served: null }],
    });
    expect(inspectionFromHost(question, { kind: 'not_inspected', why: 'busy' }, now)).toEqual({
      notInspected: 'busy',
    });
  });
});
