/**
 * certferry in one account, hosts in a second one. Deploy the main stack first. Then pass its output `JobKeys` to the member stack:
 * `cdk deploy CertferryMember -c jobKeys=…`.
 */
import { App, Stack } from 'aws-cdk-lib';
import { Certferry, CertferryMember, Target } from 'certferry/cdk';

const main = { account: '111122223333', region: 'eu-central-1' };
const workload = { account: '222233334444', region: 'eu-west-1' };
const app = new App();

const certferry = new Certferry(new Stack(app, 'Certferry', { env: main }), 'Certferry', {
  runtime: 'host',
  accounts: [workload.account],
});
certferry.addCertificate({
  name: 'mail.example.com',
  source: { kind: 'secretsmanager', secretId: 'certferry/mail.example.com' },
});
certferry.addTarget(
  Target.postfix('mail', {
    certificate: 'mail.example.com',
    host: { tags: { role: 'mail' }, ...workload },
    certPath: '/etc/postfix/tls/fullchain.pem',
    keyPath: '/etc/postfix/tls/privkey.pem',
    verify: { endpoint: '{host}:25', protocol: 'smtp', serverName: 'mail.example.com' },
  }),
);

const jobKeys: string | undefined = app.node.tryGetContext('jobKeys');
if (jobKeys !== undefined) {
  const member = new Stack(app, 'CertferryMember', { env: workload });
  new CertferryMember(member, 'Certferry', { main, jobKeys, runtime: 'host' });
}
