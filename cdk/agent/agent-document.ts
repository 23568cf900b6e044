import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { type Artefacts, readArtefact } from '../common/artefacts.ts';
import { documentName } from '../common/names.ts';
import type { AgentAssets } from './agent-assets.ts';

/** The agent's folder on a host. */
const home = '/var/lib/certferry';

/**
 * The SSM document: the rendered file of `dist/` with its six placeholders replaced. CloudFormation cannot replace a document
 * with a fixed name. Each change therefore creates a new version, which becomes the default version.
 */
export class AgentDocument extends Construct {
  readonly name = documentName;

  constructor(
    scope: Construct,
    id: string,
    props: { readonly artefacts: Artefacts; readonly assets: AgentAssets },
  ) {
    super(scope, id);
    const { assets } = props;
    const document = new CfnDocument(this, 'Resource', {
      name: documentName,
      documentType: 'Command',
      documentFormat: 'JSON',
      targetType: '/',
      updateMethod: 'NewVersion',
      content: fillIn(readArtefact(props.artefacts.document), {
        AgentUrl: assets.agentUrl,
        AgentSha256: assets.agentSha256,
        RuntimeUrl: assets.runtime.url,
        RuntimeSha256: assets.runtime.sha256,
        RuntimeBytes: assets.runtime.bytes,
        Home: home,
      }),
    });
    // a host must be allowed to download the agent before the document names it
    document.node.addDependency(assets.hostPolicy);
  }
}

/** Replaces the placeholders in all steps. Throws if the document has a placeholder without a value. */
function fillIn(text: string, values: Readonly<Record<string, string>>): unknown {
  const document = JSON.parse(text);
  for (const { inputs } of document.mainSteps) {
    inputs.runCommand = inputs.runCommand.map((line: string) => fillLine(line, values));
  }
  return document;
}

/** Replaces placeholders in assignments only (`NAME='${Placeholder}'`): the script has shell variables of the same form. */
function fillLine(line: string, values: Readonly<Record<string, string>>): string {
  return line.replace(/^([A-Z0-9_]+)='\$\{([A-Za-z0-9]+)\}'$/, (_, variable, placeholder) => {
    const value = values[placeholder];
    if (value === undefined)
      throw new Error(
        `The SSM document has an unknown placeholder: ${placeholder}. Run \`npm run build\` again.`,
      );
    return `${variable}='${value}'`;
  });
}
