import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AgentLine, agentLine, readAgentLine } from '../../../core/deployment/agent-line.ts';
import { agentLineText, maximumLineBytes } from '../../../core/deployment/fit-agent-line.ts';
import { ssmAgent } from '../../../local/ssm/ssm-agent.ts';

const ids = { deploymentId: 'd-1', targetId: 'web-1' } as const;
const lineWith = (fields: Partial<AgentLine>): AgentLine =>
  agentLine({ ...ids, outcome: 'applied', summary: 'done', ...fields });

const text = fc.string({ unit: 'binary', maxLength: 2_000, size: 'max' });
const observation = fc.record({
  address: fc.ipV6(),
  fingerprint: fc.constant(null),
  ok: fc.boolean(),
  problem: fc.option(text),
});

describe('the text of a result line', () => {
  test('The text of a result line fits into the bytes that the SSM Agent keeps, whatever the fields contain', () => {
    const { bytes, mark } = ssmAgent.outputCut.value;
    expect(maximumLineBytes).toBeLessThan(bytes - mark.length);
    fc.assert(
      fc.property(
        fc.record({
          summary: text,
          warnings: fc.array(text, { maxLength: 30 }),
          observations: fc.option(fc.array(observation, { maxLength: 100, size: 'max' })),
          repair: fc.option(
            fc.record({
              files: fc.array(fc.record({ path: text, backup: fc.option(text) }), { maxLength: 20 }),
              commands: fc.array(text, { maxLength: 20 }),
            }),
          ),
        }),
        (fields) => {
          const printed = agentLineText(lineWith(fields));

          expect(Buffer.byteLength(printed)).toBeLessThanOrEqual(maximumLineBytes);
          expect(readAgentLine(printed)).toMatchObject({ ...ids, outcome: 'applied' });
        },
      ),
      { numRuns: 25 },
    );
  });

  test('The text of a result line counts bytes and not characters', () => {
    const warnings = Array.from({ length: 40 }, () => '證'.repeat(500));

    const printed = agentLineText(lineWith({ warnings, summary: 'the certificate is installed' }));

    expect(JSON.stringify(lineWith({ warnings })).length).toBeLessThan(24_000);
    expect(Buffer.byteLength(printed)).toBeLessThanOrEqual(maximumLineBytes);
    expect(readAgentLine(printed)).toMatchObject({
      summary: 'the certificate is installed',
      warnings: expect.arrayContaining(['35 more warnings do not fit into the result']),
    });
  });

  test('The text of a result line keeps the addresses with a problem when it cannot keep all addresses', () => {
    const observations = Array.from({ length: 400 }, (_, at) => ({
      address: `192.0.2.1:${at}`,
      fingerprint: null,
      ok: at !== 399,
      problem: at === 399 ? 'another certificate' : null,
    }));

    const line = readAgentLine(agentLineText(lineWith({ observations })));

    expect(line?.observations?.length).toBeLessThan(400);
    expect(line?.observations?.filter(({ ok }) => !ok)).toEqual([observations[399]]);
  });

  test('The text of a result line that fits is the line itself', () => {
    const line = lineWith({ warnings: ['one'], summary: 'x'.repeat(2_000) });

    expect(agentLineText(line)).toBe(JSON.stringify(line));
  });
});
