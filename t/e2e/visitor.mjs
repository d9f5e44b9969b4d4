// A browser reduced to what a login by nginx needs: page loads that follow
// redirects from site to site, cookies, forms that post themselves.

import { request } from './http.mjs';
import { PASSWORD } from './users.mjs';

export const PAGE = { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' };

const attribute = (tag, name) => new RegExp(`${name}="([^"]*)"`).exec(tag)?.[1]
    .replaceAll('&amp;', '&');

export function formIn({ body, url }) {
    const form = /<form[^>]*>/.exec(body)?.[0];
    const fields = [...body.matchAll(/<input[^>]*>/g)]
        .map(([tag]) => [attribute(tag, 'name'), attribute(tag, 'value') ?? '']);
    return form && { fields,
        action: new URL(attribute(form, 'action') ?? '', url).href };
}

export class Visitor {
    constructor() {
        this.jars = new Map();
    }

    jar(url) {
        const { hostname } = new URL(url);
        if (!this.jars.has(hostname)) {
            this.jars.set(hostname, new Map());
        }
        return this.jars.get(hostname);
    }

    keep(url, lines = []) {
        for (const line of lines) {
            const [pair] = line.split(';');
            const at = pair.indexOf('=');
            const name = pair.slice(0, at);
            if (/; *(max-age=0|expires=Thu, 01 Jan 1970)/i.test(line)) {
                this.jar(url).delete(name);
            } else {
                this.jar(url).set(name, pair.slice(at + 1));
            }
        }
    }

    async fetch(url, { method = 'GET', form, headers = {} } = {}) {
        const cookie = [...this.jar(url)].map(([k, v]) => `${k}=${v}`);
        const answer = await request(url, {
            method,
            headers: {
                ...headers,
                ...cookie.length && { Cookie: cookie.join('; ') },
                ...form &&
                    { 'Content-Type': 'application/x-www-form-urlencoded' },
            },
            body: form && new URLSearchParams(form).toString(),
        });
        this.keep(url, answer.headers['set-cookie']);
        return { ...answer, url };
    }

    // A page load, up to a page that waits for a person. `path` are the URLs
    // on the way.
    async visit(url, options = {}) {
        const path = [];
        let site = 'none';
        let next = { url, ...options };
        for (let hops = 0; hops < 20; hops++) {
            const answer = await this.fetch(next.url, { ...next,
                headers: { ...PAGE, 'Sec-Fetch-Site': site } });
            path.push(next.url);
            site = 'cross-site';
            const form = formIn(answer);
            if (answer.headers.location) {
                next = { url: new URL(answer.headers.location, next.url).href };
            } else if (form && /\.submit\(\)/.test(answer.body)) {
                next = { url: form.action, method: 'POST', form: form.fields };
            } else {
                return { ...answer, path };
            }
        }
        throw new Error(`a loop: ${path.join(' ')}`);
    }

    // Fills in the tenant's login form.
    signIn(page, user, password = PASSWORD) {
        return this.visit(page.url,
            { method: 'POST', form: { login: user, password } });
    }
}
