import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { maximumJobCharacters } from '../../core/deployment/job.ts';
import { renderCheckDocument, renderDocument } from '../../scripts/render-document.ts';
import { textOf, theResource } from './resources.ts';
import { anApp, someArtefacts, synthesize } from './synthesized.ts';

const documentOf = (template: Template, name = 'certferry-agent') =>
  theResource(template, 'AWS::SSM::Document', ({ properties }) => properties.Name === name).properties;
const linesOf = (template: Template, name?: string): string[] =>
  documentOf(template, name).Content.mainSteps[0].inputs.runCommand.map(textOf);

/** Something that begins as a Linux program does. */
function aRuntime(content = 'a program'): { file: string; sha256: string } {
  const file = join(mkdtempSync(join(tmpdir(), 'certferry-runtime-')), 'node');
  const bytes = Buffer.concat([Buffer.from('\x7fELF', 'latin1'), Buffer.from(content)]);
  writeFileSync(file, bytes);
  return { file, sha256: createHash('sha256').update(bytes).digest('hex') };
}

describe('the SSM document', () => {
  const properties = documentOf(synthesize());

  test('The SSM document is a command document for EC2 and hybrid nodes that gets new versions under its one name', () => {
    expect(properties).toMatchObject({
      Name: 'certferry-agent',
      DocumentType: 'Command',
      DocumentFormat: 'JSON',
      TargetType: '/',
      UpdateMethod: 'NewVersion',
    });
  });

  test('The SSM document takes one parameter, as a variable, of characters that mean nothing to a shell', () => {
    expect(properties.Content.schemaVersion).toBe('2.2');
    expect(Object.keys(properties.Content.parameters)).toEqual(['Job']);
    expect(properties.Content.parameters.Job).toMatchObject({
      type: 'String',
      interpolationType: 'ENV_VAR',
      allowedPattern: '^[A-Za-z0-9_.~-]+$',
      maxChars: maximumJobCharacters,
    });
  });

  test('The SSM document has one step, for Linux, that ends the command when it fails', () => {
    const [step, ...others] = properties.Content.mainSteps;

    expect(others).toEqual([]);
    expect(step).toMatchObject({
      action: 'aws:runShellScript',
      name: 'linux',
      onFailure: 'exit',
      precondition: { StringEquals: ['platformType', 'Linux'] },
      inputs: { timeoutSeconds: '600' },
    });
  });

  test('The SSM document fits into 64 KB with the largest job', () => {
    expect(JSON.stringify(properties.Content).length + maximumJobCharacters).toBeLessThan(64 * 1024);
  });
});

describe('the script of the document', () => {
  test('The script of the document names the agent by place and digest, and is the bootstrap from there on', () => {
    const artefacts = someArtefacts();
    const agent = createHash('sha256')
      .update(readFileSync(join(artefacts, 'agent/agent.cjs')))
      .digest('hex');
    const rendered: string[] = JSON.parse(renderDocument()).mainSteps[0].inputs.runCommand;

    const lines = linesOf(synthesize({ artefacts }));

    expect(lines.slice(0, 10)).toEqual([
      '#!/bin/sh',
      expect.stringMatching(
        /^AGENT_URL='s3:\/\/cdk-[a-z0-9]+-assets-\$\{AWS::AccountId\}-\$\{AWS::Region\}\/[0-9a-f]{64}\.cjs'$/,
      ),
      `AGENT_SHA256='${agent}'`,
      "RUNTIME_URL='host'",
      "RUNTIME_SHA256=''",
      "RUNTIME_BYTES=''",
      "CERTFERRY_HOME='/var/lib/certferry'",
      "CERTFERRY_ROLE='jobs'",
      expect.stringMatching(/^CERTFERRY_JOB_KEYS='SigningPublicKeys[0-9A-F]*\.JobKeys'$/),
      "CERTFERRY_FENCE_STEP='100000'",
    ]);
    expect(lines.slice(10)).toEqual(rendered.slice(10));
  });

  test('The document that can only probe has the same script in the role probe, and accepts no key', () => {
    const template = synthesize({ maximumFenceStep: 500 });
    const [jobs, probe] = [linesOf(template), linesOf(template, 'certferry-probe')];

    expect(jobs[9]).toBe("CERTFERRY_FENCE_STEP='500'");
    expect(probe.slice(7, 9)).toEqual(["CERTFERRY_ROLE='probe'", "CERTFERRY_JOB_KEYS=''"]);
    expect([...probe.slice(0, 7), ...probe.slice(9)]).toEqual([...jobs.slice(0, 7), ...jobs.slice(9)]);
  });

  test('The document that checks a host takes no parameter, and knows the agent as https in the domain of the partition', () => {
    const template = synthesize();
    const lines = linesOf(template, 'certferry-check-host');
    const rendered: string[] = JSON.parse(renderCheckDocument()).mainSteps[0].inputs.runCommand;

    expect(documentOf(template, 'certferry-check-host').Content).not.toHaveProperty('parameters');
    expect(lines.slice(0, 5)).toEqual([
      '#!/bin/sh',
      "CERTFERRY_HOME='/var/lib/certferry'",
      "RUNTIME_URL='host'",
      "RUNTIME_BYTES=''",
      expect.stringMatching(/^S3_URL='https:\/\/s3\.\$\{AWS::Region\}\.\$\{AWS::URLSuffix\}\/cdk-.*\.cjs'$/),
    ]);
    expect(lines.slice(5)).toEqual(rendered.slice(5));
  });

  test('The script of the document names the runtime by the digest of the unpacked binary', () => {
    const runtime = aRuntime();
    const { app, stack } = anApp({ runtime });

    const lines = linesOf(Template.fromStack(stack));

    expect(lines[3]).toMatch(/^RUNTIME_URL='s3:.*\/[0-9a-f]{64}\.gz'$/);
    expect(lines[4]).toBe(`RUNTIME_SHA256='${runtime.sha256}'`);
    expect(lines[5]).toBe(`RUNTIME_BYTES='${statSync(runtime.file).size}'`);
    const packed = readdirSync(app.outdir).find((name) => name.endsWith('.gz'));
    const unpacked = gunzipSync(readFileSync(join(app.outdir, packed ?? '')));
    expect(createHash('sha256').update(unpacked).digest('hex')).toBe(runtime.sha256);
  });
});

describe('a runtime', () => {
  test('A runtime with another digest than the stated one is refused', () => {
    expect(() => synthesize({ runtime: { ...aRuntime(), sha256: 'a'.repeat(64) } })).toThrow(
      /expected a{64}/,
    );
  });

  test('A runtime that is no Linux binary is refused with what to do', () => {
    const file = join(someArtefacts(), 'agent/agent.cjs');

    expect(() => synthesize({ runtime: { file } })).toThrow(/is not a Linux binary: set .* runtime=host/);
  });

  test('A runtime that is not there is refused by name', () => {
    expect(() => synthesize({ runtime: { file: '/nowhere/node' } })).toThrow('/nowhere/node does not exist');
  });
});

describe('artefacts that were not built', () => {
  test('Artefacts that were not built are named, with the command that builds them', () => {
    const artefacts = someArtefacts();
    rmSync(join(artefacts, 'ssm-document.json'));

    expect(() => synthesize({ artefacts })).toThrow(/ssm-document\.json cannot be read: run `npm run build`/);
  });
});
