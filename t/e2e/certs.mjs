// A CA of this run and one certificate for all of its names.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export function makeCerts(dir, names) {
    const at = (name) => join(dir, name);
    const openssl = (...args) =>
        execFileSync('openssl', args, { stdio: 'pipe' });
    const newKey = (name) => openssl('genpkey', '-algorithm', 'EC', '-pkeyopt',
        'ec_paramgen_curve:P-256', '-out', at(name));

    writeFileSync(at('openssl.cnf'), `[req]
distinguished_name = dn
prompt = no
[dn]
CN = e2e
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:false
extendedKeyUsage = serverAuth
subjectAltName = ${names.map((name) => `DNS:${name}`).join(',')}
`);
    newKey('ca.key');
    openssl('req', '-x509', '-new', '-key', at('ca.key'), '-subj',
        '/CN=e2e test CA', '-days', '30', '-config', at('openssl.cnf'),
        '-extensions', 'ca', '-out', at('ca.pem'));
    newKey('server.key');
    openssl('req', '-new', '-key', at('server.key'), '-config',
        at('openssl.cnf'), '-out', at('server.csr'));
    openssl('x509', '-req', '-in', at('server.csr'), '-CA', at('ca.pem'),
        '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '30', '-extfile',
        at('openssl.cnf'), '-extensions', 'server', '-out', at('server.pem'));
    return { ca: at('ca.pem'), cert: at('server.pem'), key: at('server.key') };
}
