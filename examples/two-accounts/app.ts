/** certferry in one account, hosts in a second one. Deploy the member stack first. */
import { App, Stack } from 'aws-cdk-lib';
import { Certferry, CertferryMember, Target } from 'certferry/cdk';

const main = { account: '111122223333', region: 'eu-central-1' };
const workload = { account: '222233334444', region: 'eu-west-1' };
const app = new App();

new CertferryMember(new Stack(app, 'CertferryMember', { env: workload }), 'Certferry', {
  main,
  runtime: 'host',
});

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
