// The story in Chromium: what only a browser shows, SameSite, CORS, Fetch
// Metadata and the fragment among it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { missing, openBrowser } from './chromium.mjs';
import { assert, step } from './count.mjs';
import { PASSWORD } from './users.mjs';
import { control } from './world.mjs';

const REFUSED = { status: 401, by: 'nginx' };

// One person at one browser.
class Person {
    static async sit(w, name) {
        const person = new Person();
        person.w = w;
        person.name = name;
        person.context = await openBrowser(join(w.dir, name), w.certs.ca);
        [person.page] = person.context.pages();
        return person;
    }

    async open() {
        await this.page.goto(`${this.w.app}/`);
        await this.page.waitForSelector('body[data-ready]');
    }

    async fillIn() {
        await this.page.waitForURL(`${this.w.issuer}/interaction/**`);
        await this.page.fill('[name=login]', this.name);
        await this.page.fill('[name=password]', PASSWORD);
        await this.page.click('button');
    }

    // Signs in; by the form, or by the session at the provider.
    async login({ button = '#login', form = false } = {}) {
        await this.open();
        await this.page.click(button);
        if (form) {
            await this.fillIn();
        }
        await this.page.waitForFunction(() =>
            document.body?.dataset.ready &&
            document.querySelector('#user').textContent !== 'nobody');
    }

    async press(id) {
        await this.page.click(`#${id}`);
        const shown = await this.page.waitForFunction(() =>
            document.querySelector('#result').textContent);
        return JSON.parse(await shown.jsonValue());
    }

    async expects(id, expected) {
        const result = await this.press(id);
        for (const [key, value] of Object.entries(expected)) {
            assert.equal(result[key], value,
                `${id}: ${JSON.stringify(result)}`);
        }
        return result;
    }

    // Posts a form to the application from a page of another origin.
    async postFrom(origin, path) {
        await this.page.route(`${origin}/**`, (route) => route.fulfill({
            contentType: 'text/html',
            body: `<form method="post" action="${this.w.app}${path}"></form>`,
        }));
        await this.page.goto(`${origin}/`);
        const target = `${this.w.app}${path}`;
        const answered = this.page.waitForResponse(target);
        await this.page.evaluate(() => document.forms[0].submit());
        await this.page.waitForURL(target);
        return (await answered).status();
    }
}

export function prepare() {
    const absent = missing();
    return { missing: absent &&
        `${absent} not installed; 'make deps-browser' installs both` };
}

export async function story(w) {
    const alice = await Person.sit(w, 'alice');
    const bob = await Person.sit(w, 'bob');

    const check = (name, body) => step(name, body, {
        onFailure: async () => {
            const file = name.replace(/[^a-z0-9]+/gi, '-');
            for (const { name: who, page } of [alice, bob]) {
                const path = join(w.dir, `${file}.${who}.png`);
                await page.screenshot({ path, fullPage: true })
                    .then(() => console.log(`    see ${path}`), () => {});
            }
        },
    });

    try {
        await access(w, alice, bob, check);
        await cookies(w, alice, check);
        await rotation(w, alice, check);
    } finally {
        await alice.context.close();
        await bob.context.close();
    }
}

async function access(w, alice, bob, check) {
    await check('before the login the API answers 401', async () => {
        await alice.open();
        const { challenge } = await alice.expects('read', REFUSED);
        assert.match(challenge, /^Bearer realm="[^"]*"$/);
    });

    await check('login at the provider, callback, back in the application',
        async () => {
            await alice.login({ form: true });
            assert.equal(await alice.page.textContent('#user'), 'Alice');
        });

    await check('the token is in the memory of the page and nowhere else',
        async () => {
            assert.equal(alice.page.url(), `${w.app}/`);
            const kept = await alice.page.evaluate(() => [document.cookie,
                JSON.stringify(localStorage), JSON.stringify(sessionStorage),
                location.href].join(' '));
            assert.doesNotMatch(kept, /eyJ/);
        });

    await check('an editor reads, writes and administers', async () => {
        const { body } = await alice.expects('read',
            { status: 200, by: 'api' });
        assert.deepEqual(JSON.parse(body).roles, ['editor', 'reader']);
        await alice.expects('write', { status: 201, by: 'api' });
        await alice.expects('admin', { status: 200, by: 'api' });
    });

    await check("a reader's writing is refused by the API's own roles",
        async () => {
            await bob.login({ form: true });
            await bob.expects('read', { status: 200, by: 'api' });
            await bob.expects('write', { status: 403, by: 'api' });
            await bob.expects('admin', { status: 403, by: 'nginx' });
        });

    await check('the API on another site, after a preflight', async () => {
        const { body } = await alice.expects('cross-read', { status: 200 });
        assert.deepEqual(JSON.parse(body).roles, ['editor', 'reader']);
        assert.match(readFileSync(join(w.dir, 'access.log'), 'utf8'),
            /^OPTIONS \/api\/me .* 204 /m);
    });

    await check('a token bound to the browser by its nonce', () =>
        alice.expects('bound', { status: 200, by: 'api' }));

    await check('another browser cannot use a bound token', async () => {
        await alice.context.addCookies([{ name: '__Host-nonce', value: 'x',
            url: w.app, secure: true, sameSite: 'Strict' }]);
        const { status, by } = await alice.press('bound');
        assert.ok(status === 401 || status === 403, `${status}`);
        assert.equal(by, 'nginx');
    });

    await check("another application's token, got without a second login, " +
        'is refused', async () => {
        await bob.login({ button: '#login-other' });
        assert.equal(await bob.page.textContent('#user'), 'Bob');
        const { challenge } = await bob.expects('read', REFUSED);
        assert.match(challenge, /error="invalid_token"/);
    });
}

async function cookies(w, alice, check) {
    await check('the token as a cookie that no script reads', async () => {
        await alice.expects('keep', { status: 204 });
        assert.doesNotMatch(
            await alice.page.evaluate(() => document.cookie), /eyJ/);
    });

    await check('reading and writing by cookie, after a reload', async () => {
        await alice.open();
        await alice.expects('read', REFUSED);
        await alice.expects('cookie-read', { status: 200, by: 'api' });
        await alice.expects('cookie-write', { status: 201, by: 'api' });
    });

    await check('a form on another site is sent without the cookie',
        async () => {
            assert.equal(await alice.postFrom('https://evil.test',
                '/cookie/notes'), 401);
        });

    await check('a form on a sister host has the cookie and is refused',
        async () => {
            const before = w.recorder.count;
            assert.equal(await alice.postFrom('https://sister.app.test',
                '/cookie/notes'), 403);
            assert.equal(w.recorder.count, before);
        });

    await check('a lax cookie would not open the door either', async () => {
        const [cookie] = (await alice.context.cookies(w.app))
            .filter(({ name }) => name === '__Host-id_token');
        await alice.context.addCookies([{ ...cookie, sameSite: 'None' }]);
        const before = w.recorder.count;
        assert.equal(await alice.postFrom('https://evil.test',
            '/cookie/notes'), 403);
        assert.equal(w.recorder.count, before);
    });
}

async function rotation(w, alice, check) {
    const works = () => alice.expects('read', { status: 200, by: 'api' });

    await check('keys rotate during the session', async () => {
        await alice.login();
        await works();
        await control(w, 'publish');
        await control(w, 'promote');
        await works();
        await alice.login();
        await works();
    });

    await check('after an emergency the old token is refused, a new login ' +
        'helps', async () => {
        const second = await alice.context.newPage();
        await control(w, 'replace');
        const renewed = Object.assign(Object.create(alice), { page: second });
        await renewed.login();
        await renewed.expects('read', { status: 200, by: 'api' });
        await alice.expects('read', REFUSED);
        await second.close();
    });

    await check('an expired token is refused, a new login helps', async () => {
        await control(w, 'ttl', 3);
        await alice.login();
        await works();
        await sleep(3000);
        const { challenge } = await alice.expects('read', REFUSED);
        assert.match(challenge, /error="invalid_token"/);
        await control(w, 'ttl', 600);
        await alice.login();
        await works();
    });
}
