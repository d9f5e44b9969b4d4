// A tenant: npm's oidc-provider as an OpenID Provider with two client IDs.
//
// Run as a program it takes one argument, a JSON object:
//   {issuer, port, control, cert, key, redirects: [URI], backchannel: URI,
//    apps: [client metadata]}
// and answers commands on http://127.0.0.1:<control>/, see "commands" below.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';

import Provider, { interactionPolicy } from 'oidc-provider';

import { Keys } from './op_keys.mjs';
import { Store } from './op_store.mjs';
import { claimsOf, PASSWORD, users } from './users.mjs';

const settings = JSON.parse(process.argv[2]);
const scope = 'openid email profile groups';
const cookieKeys = [randomBytes(16).toString('hex')];
const keys = await Keys.create();
let idTokenSeconds = 600;

function client(clientId, more) {
    return {
        client_id: clientId,
        application_type: 'web',
        grant_types: ['implicit'],
        response_types: ['id_token'],
        token_endpoint_auth_method: 'none',
        redirect_uris: settings.redirects,
        ...more,
    };
}

function policy() {
    const base = interactionPolicy.base();
    base.get('consent').checks.remove('native_client_prompt');
    return base;
}

// Consent was given when the company hired.
async function grantOf(ctx) {
    const { client: { clientId }, session: { accountId }, provider } = ctx.oidc;
    const grant = new provider.Grant({ clientId, accountId });
    grant.addOIDCScope(scope);
    await grant.save();
    return grant;
}

function newProvider() {
    return new Provider(settings.issuer, {
        adapter: Store,
        jwks: { keys: keys.list },
        clients: [
            client('spa', {
                backchannel_logout_uri: settings.backchannel,
                backchannel_logout_session_required: true,
            }),
            client('other-app'),
            ...settings.apps.map((app) => client(app.client_id, app)),
        ],
        responseTypes: ['id_token', 'code'],
        // As tenants do whose applications read the ID token alone: Core 5.4
        // has the claims of scopes in it in the implicit flow only.
        conformIdTokenClaims: false,
        scopes: scope.split(' '),
        claims: {
            openid: ['sub'],
            email: ['email', 'email_verified'],
            profile: ['name'],
            groups: ['groups'],
        },
        cookies: { keys: cookieKeys },
        ttl: {
            IdToken: () => idTokenSeconds,
            Interaction: 600,
            Grant: 3600,
            Session: 3600,
        },
        features: {
            devInteractions: { enabled: false },
            backchannelLogout: { enabled: true },
        },
        interactions: {
            policy: policy(),
            url: (ctx, { uid }) => `/interaction/${uid}`,
        },
        loadExistingGrant: grantOf,
        findAccount: (ctx, login) => users[login] && {
            accountId: login,
            claims: () => claimsOf(login),
        },
        // The provider's own fetch refuses loopback addresses.
        fetch: (url, { dispatcher, ...options }) => fetch(url, options),
    });
}

const loginPage = (failed) => `<!doctype html>
<title>Tenant login</title>
<form method="post">
${failed ? '<p id="failed">Wrong name or password.</p>' : ''}
<input name="login" autofocus> <input name="password" type="password">
<button>Sign in</button> <button name="cancel" value="yes">Cancel</button>
</form>`;

async function formOf(request) {
    let body = '';
    for await (const chunk of request) {
        body += chunk;
    }
    return new URLSearchParams(body);
}

async function login(provider, request, response) {
    await provider.interactionDetails(request, response);
    const form = request.method === 'POST' ? await formOf(request) : null;

    if (form?.has('cancel')) {
        await provider.interactionFinished(request, response,
            { error: 'access_denied' }, { mergeWithLastSubmission: false });
        return;
    }

    if (form && users[form.get('login')] &&
        form.get('password') === PASSWORD) {
        await provider.interactionFinished(request, response,
            { login: { accountId: form.get('login') } },
            { mergeWithLastSubmission: false });
        return;
    }

    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(loginPage(form !== null));
}

let provider;
let answer;

function useKeys() {
    provider = newProvider();
    answer = provider.callback();
}

// '': it works; 'all': no connection gets an answer; else a path that gets none.
let down = '';

async function serve(request, response) {
    if (down === 'all' || down === request.url) {
        request.socket.destroy();
        return;
    }
    if (!request.url.startsWith('/interaction/')) {
        answer(request, response);
        return;
    }
    try {
        await login(provider, request, response);
    } catch (error) {
        response.statusCode = 400;
        response.end(`${error}`);
    }
}

const commands = {
    publish: () => keys.publish(),
    promote: () => keys.promote(),
    retire: () => keys.retire(),
    replace: () => keys.replace(),
    down: (what) => { down = what; },
    ttl: (seconds) => { idTokenSeconds = Number(seconds); },
};

async function control(request, response) {
    const url = new URL(request.url, 'http://control/');
    const command = commands[url.pathname.slice(1)];
    if (command === undefined) {
        response.statusCode = 404;
        response.end();
        return;
    }
    await command(url.searchParams.get('value'));
    useKeys();
    response.end(JSON.stringify({ kids: keys.kids }));
}

useKeys();

const tls = {
    cert: readFileSync(settings.cert),
    key: readFileSync(settings.key),
};
createHttpServer(control).listen(settings.control, '127.0.0.1');
createHttpsServer(tls, serve).listen(settings.port, '127.0.0.1',
    () => console.log('ready'));
