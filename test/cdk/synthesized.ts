import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { Certferry, type CertferryProps } from '../../cdk/certferry.ts';
import { tasks } from '../../cdk/functions/tasks.ts';
import { CertferryMember, type CertferryMemberProps } from '../../cdk/member.ts';
import { createApp } from '../../cdk/stack.ts';
import { renderCheckDocument, renderDocument } from '../../scripts/render-document.ts';
import { renderRollout } from '../../scripts/render-rollout.ts';
import { testKey } from '../fixtures/signed-jobs.ts';

const root = join(import.meta.dirname, '..', '..');

/** What the build would make, with stand-ins for what is bundled: these tests are about the stack, not the code in it. */
export function someArtefacts(): string {
  const folder = mkdtempSync(join(tmpdir(), 'certferry-artefacts-'));
  const write = (path: string, text: string): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write('agent/agent.cjs', '// stands for the agent');
  write('agent/store-agent.cjs', '// stands for the agent for stores');
  write('ssm-document.json', renderDocument());
  write('check-document.json', renderCheckDocument());
  write('state-machines/deploy-target.asl.json', deployTargetFile());
  write('state-machines/rollout.asl.json', renderRollout());
  for (const name of Object.keys(tasks)) write(`lambdas/${name}/index.mjs`, `// stands for ${name}`);
  return folder;
}

/** The definition as it stands in the repository. */
export function deployTargetFile(): string {
  return readFileSync(join(root, 'cdk/state-machines/deploy-target.asl.json'), 'utf8');
}

/** The context that the `cdk` command gives the app. */
function context(): Record<string, unknown> {
  return JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')).context ?? {};
}

/** The app with the context of `cdk.json`; hosts bring their own Node unless said otherwise. */
export function anApp(props: CertferryProps = {}) {
  return createApp(
    { context: context(), outdir: mkdtempSync(join(tmpdir(), 'certferry-cdk-')) },
    { artefacts: someArtefacts(), runtime: 'host', ...props },
  );
}

/** The app with the stack in one region, as an app with an explicit `env` synthesizes it. */
export function anAppIn(region: string, props: CertferryProps = {}): { app: App; stack: Stack } {
  const app = new App({ context: context(), outdir: mkdtempSync(join(tmpdir(), 'certferry-cdk-')) });
  const stack = new Stack(app, 'Certferry', { env: { account: '111122223333', region } });
  new Certferry(stack, 'Certferry', { artefacts: someArtefacts(), runtime: 'host', ...props });
  return { app, stack };
}

/** Options that add resources or permissions to those of the default stack. */
export const optionsWithResources: CertferryProps = {
  approvalLinks: true,
  accounts: ['222233334444'],
  jobKeyNames: ['new', 'old'],
  sources: { cloudTrail: true, buckets: [{ name: 'certificates', prefix: 'tls/' }], parameters: ['/tls/*'] },
};

/** An app with the stack of a member account, whose main account is 111122223333. */
export function aMemberApp(
  props: Partial<CertferryMemberProps> = {},
  env?: { account: string; region: string },
): { app: App; stack: Stack } {
  const app = new App({ outdir: mkdtempSync(join(tmpdir(), 'certferry-member-')) });
  const stack = new Stack(app, 'Member', env === undefined ? {} : { env });
  new CertferryMember(stack, 'Certferry', {
    main: { account: '111122223333', region: 'eu-central-1' },
    jobKeys: testKey.publicKeys,
    artefacts: someArtefacts(),
    runtime: 'host',
    ...props,
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { verbose: true }));
  return { app, stack };
}

export function synthesize(props: CertferryProps = {}): Template {
  return Template.fromStack(anApp(props).stack);
}
