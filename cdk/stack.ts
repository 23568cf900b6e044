import { App, type AppProps, Stack, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { Certferry, type CertferryProps } from './certferry.ts';

/**
 * The app that `cdk deploy` runs: one stack for any account and region. cdk-nag checks it against AWS Solutions. A finding
 * without an acknowledged reason fails `cdk synth`.
 *
 * The context `runtime=host` makes hosts use their own `node`.
 */
export function createApp(props: AppProps = {}, certferry: CertferryProps = {}): { app: App; stack: Stack } {
  const app = new App(props);
  const stack = new Stack(app, 'Certferry', {
    description:
      'certferry: deploys renewed TLS certificates to hosts and verifies that endpoints serve them',
  });
  const host = app.node.tryGetContext('runtime') === 'host' ? { runtime: 'host' as const } : {};
  new Certferry(stack, 'Certferry', { ...host, ...certferry });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { verbose: true }));
  return { app, stack };
}
