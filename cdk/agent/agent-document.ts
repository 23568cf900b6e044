import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { type Artefacts, readArtefact } from '../common/artefacts.ts';
import { documentName } from '../common/names.ts';
import type { AgentAssets } from './agent-assets.ts';

/** The agent's own folder on a host. */
const home = '/var/lib/certferry';

/**
 * The SSM document: the rendered one from `dist/`, its five placeholders filled in. A change makes a new version,
 * which becomes the default one: a named document cannot be replaced.
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
        Home: home,
      }),
    });
    // a host that is told of a new agent must be allowed to fetch it
    document.node.addDependency(assets.hostPolicy);
  }
}

/** Fills the placeholders of every line of every step. Throws when the document has one that no value is given for. */
function fillIn(text: string, values: Readonly<Record<string, string>>): unknown {
  const document = JSON.parse(text);
  for (const { inputs } of document.mainSteps) {
    inputs.runCommand = inputs.runCommand.map((line: string) => fillLine(line, values));
  }
  return document;
}

/** An assignment (`NAME='${Placeholder}'`) is filled in; the script's own `${variables}` are lower case or all capitals. */
function fillLine(line: string, values: Readonly<Record<string, string>>): string {
  return line.replace(/^([A-Z0-9_]+)='\$\{([A-Za-z0-9]+)\}'$/, (_, variable, placeholder) => {
    const value = values[placeholder];
    if (value === undefined) throw new Error(`the SSM document has an unknown placeholder: ${placeholder}`);
    return `${variable}='${value}'`;
  });
}
