import { expect, test } from 'vitest';
import {
  compareFindings,
  type ExplainedFinding,
  explainedFindings,
  resourceName,
} from './explained-findings.ts';

const row: ExplainedFinding = {
  tool: 'checkov',
  rule: 'CKV_AWS_115',
  resources: ['AWS::Lambda::Function Certferry*'],
  reason: 'AWS Lambda shares its capacity between all functions.',
};
const finding = {
  tool: 'checkov',
  rule: 'CKV_AWS_115',
  resource: resourceName('AWS::Lambda::Function', 'CertferryFunctionsSweep793D67DB'),
};

test('A finding that a row explains is accepted', () => {
  expect(compareFindings([finding], [row])).toEqual({ unexplained: [], unused: [] });
});

test.each([
  ['another tool', { tool: 'cfn-lint' }],
  ['another rule', { rule: 'CKV_AWS_116' }],
  ['another resource', { resource: 'AWS::Lambda::Function Careless' }],
  ['another reason in the code', { reason: 'The function is small.' }],
])('A finding is unexplained, and the row unused, if the row is about %s', (_, change) => {
  const { unexplained, unused } = compareFindings([{ ...finding, ...change }], [row]);

  expect(unexplained).toHaveLength(1);
  expect(unused).toHaveLength(1);
});

test('A row with two patterns is unused as far as one of them matches no finding', () => {
  const two = { ...row, resources: [...row.resources, 'AWS::Lambda::Function Removed*'] };

  expect(compareFindings([finding], [two])).toEqual({
    unexplained: [],
    unused: [`checkov | CKV_AWS_115 | AWS::Lambda::Function Removed* | ${row.reason}`],
  });
});

test('Each row of the table names a known tool, a rule, a resource and a reason', () => {
  const rows = explainedFindings();

  expect(rows.length).toBeGreaterThan(20);
  for (const { tool, rule, resources, reason } of rows) {
    expect(['cdk-nag', 'cfn-lint', 'checkov']).toContain(tool);
    expect([rule, ...resources, reason]).not.toContain('');
    expect(resources).not.toEqual([]);
  }
});
