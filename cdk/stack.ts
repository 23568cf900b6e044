import { App, type AppProps, Stack, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { Certferry, type CertferryProps } from './certferry.ts';

/**
 * The app that `cdk deploy` runs: one stack, for any account and region. It is checked against AWS Solutions at each
 * synth: a finding that is not acknowledged with a reason makes `synth` throw.
 *
 * Context: `runtime=host` has hosts use the `node` of their own.
 */
export function createApp(props: AppProps = {}, certferry: CertferryProps = {}): { app: App; stack: Stack } {
  const app = new App(props);
  const stack = new Stack(app, 'Certferry', {
    description:
      'certferry: carries renewed TLS certificates to their servers and proves that they are served',
  });
  const host = app.node.tryGetContext('runtime') === 'host' ? { runtime: 'host' as const } : {};
  new Certferry(stack, 'Certferry', { ...host, ...certferry });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { verbose: true }));
  return { app, stack };
}
