import { App, Stack } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { importCertificates } from '../../cdk/grants/acm-grants.ts';
import { Target } from '../../cdk/target.ts';

const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/61f50cd4-45b9-4259-b049-d0a53682fa4b';

function grantOf(config: { certificateArn?: string; region?: string }) {
  const stack = new Stack(new App(), 'Test', { env: { account: '123456789012', region: 'eu-west-1' } });
  const { statements, wildcards } = importCertificates(stack, config);
  return { statements: statements.map((each) => stack.resolve(each.toStatementJson())), wildcards };
}

describe('the permissions of a target of kind acm', () => {
  test('A target with an ARN may read and replace exactly this certificate', () => {
    expect(grantOf({ certificateArn })).toEqual({
      statements: [
        {
          Effect: 'Allow',
          Action: ['acm:DescribeCertificate', 'acm:GetCertificate', 'acm:ImportCertificate'],
          Resource: certificateArn,
        },
      ],
      wildcards: {},
    });
  });

  test('A target without an ARN may change only certificates with the tags of certferry, in its region', () => {
    const { statements } = grantOf({ region: 'us-east-1' });

    const changing = statements.filter(({ Action }) => /Import|Delete|AddTags/.test(String(Action)));
    expect(changing).toHaveLength(2);
    for (const { Resource, Condition } of changing) {
      expect(JSON.stringify(Resource)).toMatch(/acm:us-east-1:123456789012:certificate\/\*/);
      expect(JSON.stringify(Condition)).toMatch(/aws:(Request|Resource)Tag\/certferry":"true"/);
    }
    const deleting = statements.find(({ Action }) => String(Action).includes('Delete'));
    expect(deleting.Condition.Null).toEqual({ 'aws:ResourceTag/certferry-target': 'false' });
  });

  test('Target.acm builds a target with the fields of its config side by side', () => {
    const verify = { endpoint: 'www.example.com:443' };
    const common = { certificate: 'www.example.com', host: 'lambda', verify } as const;

    expect(Target.acm('www-alb', { ...common, certificateArn })).toEqual({
      id: 'www-alb',
      kind: 'acm',
      ...common,
      config: { certificateArn },
    });
  });
});
