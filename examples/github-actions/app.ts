/** A pipeline in GitHub Actions starts rollouts, with short-lived credentials of OpenID Connect. `rollout.yml` is its workflow. */
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { OidcProviderNative, OpenIdConnectPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Certferry, Target } from 'certferry/cdk';

const repository = 'example-org/example-repository';

const stack = new Stack(new App(), 'Certferry');
const certferry = new Certferry(stack, 'Certferry', { runtime: 'host' });
certferry.addCertificate({
  name: 'www.example.com',
  source: { kind: 'secretsmanager', secretId: 'certferry/www.example.com' },
});
certferry.addTarget(
  Target.nginx('www', {
    certificate: 'www.example.com',
    host: { tags: { role: 'web' } },
    certPath: '/etc/nginx/tls/fullchain.pem',
    keyPath: '/etc/nginx/tls/privkey.pem',
    verify: { endpoint: '{host}:443', serverName: 'www.example.com' },
  }),
);

// an account has one provider of GitHub; import it if it exists already
const github = new OidcProviderNative(stack, 'GitHub', {
  url: 'https://token.actions.githubusercontent.com',
  clientIds: ['sts.amazonaws.com'],
});
const pipeline = new Role(stack, 'Pipeline', {
  maxSessionDuration: Duration.hours(2),
  // only workflows of the environment "production", which can require a review
  assumedBy: new OpenIdConnectPrincipal(github, {
    StringEquals: {
      'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
      'token.actions.githubusercontent.com:sub': `repo:${repository}:environment:production`,
    },
  }),
});
certferry.grantOperate(pipeline);
new CfnOutput(stack, 'PipelineRoleArn', { value: pipeline.roleArn });
