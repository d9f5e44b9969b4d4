// A browser reduced to what the implicit flow needs: cookies, redirects and
// the login form.

import { randomBytes } from 'node:crypto';

import { request } from './http.mjs';
import { PASSWORD } from './users.mjs';

export class Agent {
    constructor(issuer) {
        this.issuer = issuer;
        this.cookies = new Map();
    }

    async fetch(url, { method = 'GET', form } = {}) {
        const { hostname } = new URL(url);
        const jar = this.cookies.get(hostname) ?? new Map();
        const headers = {};
        if (jar.size > 0) {
            headers.Cookie = [...jar].map(([k, v]) => `${k}=${v}`).join('; ');
        }
        if (form) {
            headers['Content-Type'] = 'application/x-www-form-urlencoded';
        }
        const response = await request(url, {
            method,
            headers,
            body: form && new URLSearchParams(form).toString(),
        });
        for (const line of response.headers['set-cookie'] ?? []) {
            const [pair] = line.split(';');
            const at = pair.indexOf('=');
            jar.set(pair.slice(0, at), pair.slice(at + 1));
        }
        this.cookies.set(hostname, jar);
        return { ...response, url };
    }

    // Follows redirects as long as they stay with the provider.
    async follow(url, options) {
        let response = await this.fetch(url, options);
        for (let hops = 0; response.headers.location && hops < 10; hops++) {
            const next = new URL(response.headers.location, response.url);
            if (next.origin !== new URL(this.issuer).origin) {
                return { ...response, left: next };
            }
            response = await this.fetch(next.href);
        }
        return response;
    }

    // The implicit flow; resolves to {idToken, nonce}. Without a session at
    // the provider the login form is filled in.
    async login({ clientId, redirectUri, user, password = PASSWORD }) {
        const state = randomBytes(12).toString('hex');
        const nonce = randomBytes(12).toString('hex');
        const query = new URLSearchParams({
            client_id: clientId,
            redirect_uri: redirectUri,
            response_type: 'id_token',
            scope: 'openid email profile groups',
            state,
            nonce,
        });

        let response = await this.follow(`${this.issuer}/auth?${query}`);
        if (!response.left) {
            response = await this.follow(response.url,
                { method: 'POST', form: { login: user, password } });
        }
        if (!response.left) {
            throw new Error(`no token: ${response.status} ${response.body}`);
        }

        const fragment = new URLSearchParams(response.left.hash.slice(1));
        if (fragment.get('state') !== state) {
            throw new Error(`state differs: ${response.left}`);
        }
        if (!fragment.has('id_token')) {
            throw new Error(`no token: ${response.left}`);
        }
        return { idToken: fragment.get('id_token'), nonce };
    }

    async logout(idToken) {
        const query = new URLSearchParams({ id_token_hint: idToken });
        const page = await this.follow(`${this.issuer}/session/end?${query}`);
        const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.body)[1];
        return this.follow(`${this.issuer}/session/end/confirm`,
            { method: 'POST', form: { xsrf, logout: 'yes' } });
    }
}

export function decode(token, part = 1) {
    return JSON.parse(Buffer.from(token.split('.')[part], 'base64url'));
}
