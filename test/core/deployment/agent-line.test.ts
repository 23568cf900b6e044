import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AgentLine, agentLine, readAgentLine } from '../../../core/deployment/agent-line.ts';
import { agentOutcomes } from '../../../core/deployment/outcome.ts';

const lines = fc.record({
  deploymentId: fc.string(),
  targetId: fc.string(),
  outcome: fc.constantFrom(...agentOutcomes),
  summary: fc.string(),
  warnings: fc.array(fc.string()),
});

describe('an agent’s line', () => {
  test("An agent's line contains every field, except those that no path of a state machine names", () => {
    const line = agentLine({ deploymentId: 'd', targetId: 't', outcome: 'applied', summary: 's' });

    expect([...Object.keys(line), 'baseline', 'inPlace', 'inspections'].sort()).toEqual(
      Object.keys(AgentLine.shape).sort(),
    );
    expect(AgentLine.parse(line)).toEqual(line);
  });

  test('An agent’s line is found again in the output, whatever was printed before and after it', () => {
    fc.assert(
      fc.property(lines, fc.string(), fc.string(), (known, before, after) => {
        const line = agentLine(known);

        expect(readAgentLine(`${before}\n${JSON.stringify(line)}\n${after}`)).toEqual(line);
      }),
    );
  });

  test('An agent’s line is the last one when there are several', () => {
    const said = (summary: string) =>
      agentLine({ deploymentId: 'd', targetId: 't', outcome: 'applied', summary });

    expect(readAgentLine(`${JSON.stringify(said('first'))}\n${JSON.stringify(said('last'))}\n`)).toEqual(
      said('last'),
    );
  });

  test.each(['', 'Killed', '{', '{"v":1}', `${JSON.stringify({ v: 2 })}\n`])(
    'An agent’s line is not seen in %j',
    (output) => {
      expect(readAgentLine(output)).toBeNull();
    },
  );
});
