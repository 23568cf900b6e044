/** One nginx host: its certificate comes from a secret that your own renewal job updates. */
import { App, Stack } from 'aws-cdk-lib';
import { Certferry, Target } from 'certferry/cdk';

const stack = new Stack(new App(), 'Certferry');
const certferry = new Certferry(stack, 'Certferry', {
  runtime: 'host', // the host has Node 20.12 or later
  notifications: { emails: ['ops@example.com'] },
});
certferry.addCertificate({
  name: 'www.example.com',
  source: { kind: 'secretsmanager', secretId: 'certferry/www.example.com' },
});
certferry.addTarget(
  Target.nginx('www', {
    certificate: 'www.example.com',
    host: 'i-0123456789abcdef0',
    certPath: '/etc/nginx/tls/fullchain.pem',
    keyPath: '/etc/nginx/tls/privkey.pem',
    verify: { endpoint: 'www.example.com:443', serverName: 'www.example.com' },
  }),
);
