// A second, independent OpenID Provider: Debian's glewlwyd. The package would
// set up a service, so it and the libraries the machine lacks are unpacked
// below the build folder and installed nowhere.

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync,
    writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { decode } from './agent.mjs';
import { secondAppUrl } from './apps.mjs';
import { request } from './http.mjs';

const CLIENT = 'second-spa';
const ADMIN = { username: 'admin', password: 'password' };
const USER = { username: 'dora', password: 'battery staple' };

const read = (command, args, options = {}) =>
    execFileSync(command, args, { encoding: 'utf8', timeout: 120000,
        stdio: ['ignore', 'pipe', 'pipe'], ...options });

// Of what apt would install, the libraries and the program itself.
function packages() {
    return read('apt-get', ['-s', 'install', '--no-install-recommends',
        'glewlwyd']).split('\n')
        .map((line) => /^Inst (glewlwyd|lib\S+) /.exec(line)?.[1])
        .filter((name) => name && !/^lib(js-|.*-perl$)/.test(name));
}

function download(debs) {
    read('apt-get', ['-o', 'APT::Sandbox::User=root', '-o',
        'Acquire::Retries=3', 'download', ...packages()], { cwd: debs });
}

// Unpacks it to DIR; says why not, or null.
export function unpack(dir) {
    const done = join(dir, 'done');
    if (existsSync(done)) {
        return null;
    }
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(join(dir, 'debs'), { recursive: true });
    const debs = join(dir, 'debs');
    try {
        try {
            download(debs);
        } catch {
            // No lists, old ones, or a mirror that was busy.
            read('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=60', 'update']);
            download(debs);
        }
        for (const deb of readdirSync(debs)) {
            read('dpkg', ['-x', join(debs, deb), join(dir, 'root')]);
        }
    } catch (error) {
        const why = String(error.stderr || error.message).trim().split('\n');
        return `glewlwyd could not be had from Debian's archive: ${why.at(-1)}`;
    }
    writeFileSync(done, '');
    return null;
}

function libraryPath(root) {
    const base = join(root, 'usr/lib');
    return [base, ...readdirSync(base).filter((name) =>
        name.endsWith('-linux-gnu')).map((name) => join(base, name))].join(':');
}

const configuration = (w, root, port, database) => `
port=${port}
bind_address="127.0.0.1"
external_url="https://op2.test:${port}"
login_url="login.html"
api_prefix="api"
log_mode="console"
log_level="WARNING"
cookie_secure=1
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="${root}/usr/lib/glewlwyd/user"
client_module_path="${root}/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="${root}/usr/lib/glewlwyd/scheme"
plugin_module_path="${root}/usr/lib/glewlwyd/plugin"
use_secure_connection=true
secure_connection_key_file="${w.certs.key}"
secure_connection_pem_file="${w.certs.cert}"
secure_connection_ca_file="${w.certs.ca}"
hash_algorithm="SHA512"
database = { type = "sqlite3"; path = "${database}"; };
`;

function newDatabase(root, file) {
    const schema = 'usr/share/dbconfig-common/data/glewlwyd/install/sqlite3';
    execFileSync('python3', ['-c', `
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as db:
    db.executescript(open(sys.argv[2], encoding="utf-8").read())
`, file, join(root, schema)]);
}

// A session at its REST interface.
class Session {
    constructor(base) {
        this.base = base;
        this.cookie = '';
    }

    async call(method, path, value) {
        const answer = await request(this.base + path, {
            method,
            headers: { 'Cookie': this.cookie,
                'Content-Type': 'application/json' },
            body: value && JSON.stringify(value),
        });
        const [cookie] = answer.headers['set-cookie'] ?? [];
        this.cookie = cookie?.split(';')[0] ?? this.cookie;
        if (answer.status >= 400) {
            throw new Error(`glewlwyd: ${method} ${path}: ${answer.status} ` +
                answer.body);
        }
        return answer;
    }
}

function ecKeys(dir) {
    const key = join(dir, 'op2.key');
    read('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout',
        '-out', key]);
    return {
        key: readFileSync(key, 'utf8'),
        cert: read('openssl', ['ec', '-in', key, '-pubout']),
    };
}

async function setUp(w, base, issuer) {
    const admin = new Session(base);
    await admin.call('POST', '/api/auth/', ADMIN);
    await admin.call('POST', '/api/mod/plugin/', {
        module: 'oidc',
        name: 'oidc',
        display_name: 'OpenID Connect',
        order_rank: 0,
        parameters: {
            'iss': issuer,
            'jwt-type': 'ecdsa',
            'jwt-key-size': '256',
            ...ecKeys(w.dir),
            'access-token-duration': 600,
            'refresh-token-duration': 600,
            'code-duration': 60,
            'refresh-token-rolling': false,
            'allow-non-oidc': false,
            'auth-type-code-enabled': false,
            'auth-type-token-enabled': false,
            'auth-type-id-token-enabled': true,
            'auth-type-password-enabled': false,
            'auth-type-client-enabled': false,
            'auth-type-refresh-enabled': false,
            'subject-type': 'public',
            'jwks-show': true,
        },
    });
    await admin.call('POST', '/api/client/', {
        client_id: CLIENT,
        name: 'Second application',
        confidential: false,
        enabled: true,
        redirect_uri: [w.callback, `${secondAppUrl(w)}/oidc/callback`],
        authorization_type: ['id_token'],
        scope: [],
    });
    await admin.call('POST', '/api/user/', {
        ...USER,
        name: 'Dora',
        email: 'dora@example.org',
        enabled: true,
        scope: ['openid'],
    });
}

async function logIn(w, base) {
    const user = new Session(base);
    await user.call('POST', '/api/auth/', USER);
    await user.call('PUT', `/api/auth/grant/${CLIENT}`, { scope: 'openid' });
    const query = new URLSearchParams({
        response_type: 'id_token',
        client_id: CLIENT,
        redirect_uri: w.callback,
        scope: 'openid',
        state: 'state',
        nonce: randomBytes(12).toString('hex'),
    });
    // As its login page goes on once the user is known.
    const authorize = (target) => user.call('GET', `${target}&g_continue`);
    const answer = await authorize(`/api/oidc/auth?${query}`);
    const fragment = new URL(answer.headers.location).hash.slice(1);
    return { idToken: new URLSearchParams(fragment).get('id_token'),
        authorize: (url) => authorize(url.slice(base.length)) };
}

// Starts it for the world and logs its one user in.
export async function startGlewlwyd(w, dir, port) {
    const root = join(dir, 'root');
    const base = `https://op2.test:${port}`;
    const issuer = `${base}/api/oidc`;
    const database = join(w.dir, 'glewlwyd.sqlite');
    const config = join(w.dir, 'glewlwyd.conf');

    newDatabase(root, database);
    writeFileSync(config, configuration(w, root, port, database));
    const log = openSync(join(w.dir, 'glewlwyd.log'), 'w');
    w.start(join(root, 'usr/bin/glewlwyd'), ['--config-file', config], {
        stdio: ['ignore', log, log],
        env: { LD_LIBRARY_PATH: libraryPath(root) },
    });
    await w.until('glewlwyd answers', () =>
        request(`${base}/api/`).then(() => true, () => false));

    await setUp(w, base, issuer);
    const { idToken, authorize } = await logIn(w, base);
    return { issuer, clientId: CLIENT, idToken, sub: decode(idToken).sub,
        authorize };
}
