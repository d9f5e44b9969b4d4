// A single-page application: implicit flow, response_type=id_token. The ID
// token stays in this module's memory: not in storage, not in the address.

const settings = await (await fetch('/settings.json')).json();
let idToken = null;

function random() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

function login(clientId) {
    const state = random();
    const nonce = random();
    sessionStorage.setItem('login', JSON.stringify({ state, nonce }));
    document.cookie =
        `__Host-nonce=${nonce}; Path=/; Secure; SameSite=Strict`;
    const query = new URLSearchParams({
        client_id: clientId,
        redirect_uri: `${location.origin}/`,
        response_type: 'id_token',
        scope: 'openid email profile groups',
        state,
        nonce,
    });
    location.assign(`${settings.issuer}/auth?${query}`);
}

function claimsOf(token) {
    const base64 = token.split('.')[1].replaceAll('-', '+')
        .replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
}

// OpenID Connect Core 3.2.2.8 to 3.2.2.11: state and nonce are ours to check,
// the signature and the rest are the gate's.
function finishLogin() {
    const answer = new URLSearchParams(location.hash.slice(1));
    const started = JSON.parse(sessionStorage.getItem('login') ?? '{}');
    sessionStorage.removeItem('login');
    history.replaceState(null, '', location.pathname);

    if (answer.get('state') !== started.state) {
        throw new Error('state differs');
    }
    if (answer.has('error')) {
        throw new Error(answer.get('error'));
    }
    const claims = claimsOf(answer.get('id_token'));
    if (claims.nonce !== started.nonce) {
        throw new Error('nonce differs');
    }
    idToken = answer.get('id_token');
    return claims.name;
}

function show(value) {
    document.querySelector('#result').textContent = JSON.stringify(value);
}

async function call(url, options) {
    document.querySelector('#result').textContent = '';
    try {
        const response = await fetch(url, options);
        show({
            status: response.status,
            challenge: response.headers.get('WWW-Authenticate'),
            by: response.headers.get('Content-Type') === 'application/json' ?
                'api' : 'nginx',
            body: await response.text(),
        });
    } catch (error) {
        show({ error: `${error}` });
    }
}

const authorized = () =>
    idToken === null ? {} : { Authorization: `Bearer ${idToken}` };
const get = (url) => call(url, { headers: authorized() });
const post = (url) => call(url,
    { method: 'POST', headers: authorized(), body: '{}' });
const byCookie = (url, method) => call(url, { method });

const actions = {
    'login': () => login('spa'),
    'login-other': () => login('other-app'),
    'read': () => get('/api/me'),
    'write': () => post('/api/notes'),
    'admin': () => get('/admin/me'),
    'bound': () => get('/bound/me'),
    'cross-read': () => get(`${settings.crossApi}/api/me`),
    'keep': () => post('/session'),
    'cookie-read': () => byCookie('/cookie/me', 'GET'),
    'cookie-write': () => byCookie('/cookie/notes', 'POST'),
};

for (const [id, action] of Object.entries(actions)) {
    document.getElementById(id).addEventListener('click', action);
}

if (location.hash.includes('state=')) {
    try {
        document.querySelector('#user').textContent = finishLogin();
    } catch (error) {
        document.querySelector('#user').textContent = `refused: ${error}`;
    }
}
document.body.dataset.ready = 'yes';
