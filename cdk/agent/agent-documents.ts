import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { limits } from '../../core/limits.ts';
import { type Artefacts, readArtefact } from '../common/artefacts.ts';
import { documentName, probeDocumentName } from '../common/names.ts';
import type { AgentAssets } from './agent-assets.ts';

/** The agent's folder on a host. */
const home = '/var/lib/certferry';

interface AgentDocumentsProps {
  readonly artefacts: Artefacts;
  readonly assets: AgentAssets;
  /** The public keys that may sign jobs (`core/seal/job-keys.ts`). */
  readonly jobKeys: string;
  readonly maximumFenceStep: number | undefined;
}

/**
 * The two SSM documents: the rendered file of `dist/` with its placeholders replaced. One accepts signed jobs. The other one
 * accepts jobs without a signature, which can only probe. CloudFormation cannot replace a document with a fixed name. Each
 * change therefore creates a new version, which becomes the default version.
 */
export class AgentDocuments extends Construct {
  constructor(scope: Construct, id: string, props: AgentDocumentsProps) {
    super(scope, id);
    this.#create('Resource', props, {
      name: documentName,
      role: 'jobs',
      jobKeys: props.jobKeys,
    });
    this.#create('Probe', props, {
      name: probeDocumentName,
      role: 'probe',
      jobKeys: '',
      description: 'certferry: lets this host probe endpoints. It can do nothing else on the host.',
    });
  }

  #create(
    id: string,
    { artefacts, assets, maximumFenceStep = limits.fenceStep.default }: AgentDocumentsProps,
    given: {
      readonly name: string;
      readonly role: string;
      readonly jobKeys: string;
      readonly description?: string;
    },
  ): void {
    const { name, role, jobKeys, ...texts } = given;
    const content = fillIn(readArtefact(artefacts.document), {
      AgentUrl: assets.agentUrl,
      AgentSha256: assets.agentSha256,
      RuntimeUrl: assets.runtime.url,
      RuntimeSha256: assets.runtime.sha256,
      RuntimeBytes: assets.runtime.bytes,
      Home: home,
      Role: role,
      JobKeys: jobKeys,
      FenceStep: String(maximumFenceStep),
    });
    const document = new CfnDocument(this, id, {
      name,
      documentType: 'Command',
      documentFormat: 'JSON',
      targetType: '/',
      updateMethod: 'NewVersion',
      content: { ...content, ...texts },
    });
    // a host must be allowed to download the agent before the document names it
    document.node.addDependency(assets.hostPolicy);
  }
}

/** Replaces the placeholders in all steps. Throws if the document has a placeholder without a value. */
function fillIn(text: string, values: Readonly<Record<string, string>>): object {
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
