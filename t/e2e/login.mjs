// The login story in Chromium: what a browser does with cookies of other
// sites, tabs, history, frames, links loaded ahead.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { appUrl } from './apps.mjs';
import { missing, openBrowser } from './chromium.mjs';
import { assert, step } from './count.mjs';
import { begins } from './login_begins.mjs';
import { fails } from './login_fails.mjs';
import { goesOn } from './login_goes_on.mjs';
import { PASSWORD } from './users.mjs';
import { control } from './world.mjs';

// One browser at one application.
export class Seat {
    constructor(w, context, name, port) {
        this.w = w;
        this.context = context;
        [this.page] = context.pages();
        this.name = name;
        this.app = appUrl(w, name, port);
        this.callback = `${this.app}/oidc/callback`;
    }

    // As after a start with an empty profile.
    async afresh() {
        await this.page.goto('about:blank');
        await this.context.clearCookies();
    }

    // Answers the last response. Twenty tabs at once take their time.
    visit(path, page = this.page) {
        return page.goto(this.app + path, { timeout: 60000 });
    }

    atTenant(page = this.page) {
        return page.waitForURL(`${this.w.issuer}/interaction/**`);
    }

    async signIn(path, user = 'alice', page = this.page) {
        await this.atTenant(page);
        await page.fill('[name=login]', user);
        await page.fill('[name=password]', PASSWORD);
        await page.click('button');
        await page.waitForURL(this.app + path);
    }

    async logIn(path = '/user', user = 'alice') {
        await this.visit(path);
        await this.signIn(path, user);
    }

    user(page = this.page) {
        return page.textContent('#user');
    }

    async isAt(path, user = 'alice') {
        assert.equal(this.page.url(), this.app + path);
        assert.equal(await this.user(), user);
    }

    async cookies(prefix = '__Host-') {
        return (await this.context.cookies(this.app))
            .filter((cookie) => cookie.name.startsWith(prefix));
    }

    transactions() {
        return this.cookies('__Host-oidc_tx_');
    }

    // What the page's script gets.
    fetched(path) {
        return this.page.evaluate(async (url) => {
            const { status, redirected } = await fetch(url);
            return { status, redirected };
        }, path);
    }

    log() {
        return readFileSync(join(this.w.dir, 'access.log'), 'utf8')
            .split('\n');
    }

    // Lines of this step in the access log: METHOD PATH HTTP/... STATUS ...
    seen(start) {
        return this.log().slice(this.began - 1).filter((line) =>
            line.startsWith(start) &&
            line.includes(` ${new URL(this.app).hostname} `));
    }

    // A step that begins with an empty browser.
    async tells(what, body) {
        await step(`${this.told}: ${what}`, async () => {
            await this.afresh();
            this.began = this.log().length;
            await body();
        }, {
            onFailure: async () => {
                const file = `${this.told} ${what}`.replace(/\W+/g, '-');
                const path = join(this.w.dir, `${file}.png`);
                console.log(`    at ${this.page.url()}`);
                await this.page.screenshot({ path })
                    .then(() => console.log(`    see ${path}`), () => {});
                await control(this.w, 'down');
                await control(this.w, 'ttl', 600);
            },
        });
    }
}

export function prepare() {
    const absent = missing();
    return { missing: absent &&
        `${absent} not installed; 'make deps-browser' installs both` };
}

export async function story(w) {
    const context = await openBrowser(join(w.dir, 'person'), w.certs.ca);
    const sit = (name, port, protocol) => Object.assign(
        new Seat(w, context, name, port), { told: `${name}, ${protocol}` });
    try {
        for (const [name, other] of [['web', 'code'], ['code', 'web']]) {
            const seat = sit(name, w.ports.app, 'HTTP/2');
            await begins(seat);
            await goesOn(seat);
            await fails(seat);
            await begins(sit(other, w.ports.http1, 'HTTP/1.1'));
        }
        await step('Chromium spoke both HTTP/2 and HTTP/1.1', () => {
            const log = readFileSync(join(w.dir, 'access.log'), 'utf8');
            assert.match(log, /^GET \/user.* HTTP\/2\.0 200 .* web\.test /m);
            assert.match(log, /^GET \/user.* HTTP\/1\.1 200 .* web\.test /m);
        });
    } finally {
        await context.close();
    }
}
