// Logins by nginx, without a browser: both ways in which a token comes back.

import { appUrl } from './apps.mjs';
import { assert, step } from './count.mjs';
import { Visitor } from './visitor.mjs';
import { control } from './world.mjs';

const wasAtTenant = (w, page) =>
    page.path.some((url) => url.startsWith(w.issuer));

async function beginsAndEnds(w, name, port, protocol) {
    const app = appUrl(w, name, port);
    const visitor = new Visitor();
    const told = `${name}, ${protocol}`;

    await step(`${told}: a deep link leads to the login and back`, async () => {
        const url = `${app}/user?from=mail&x=%20%2F`;
        const form = await visitor.visit(url);
        assert.ok(form.url.startsWith(`${w.issuer}/interaction/`), form.url);
        const page = await visitor.signIn(form, 'alice');
        assert.equal(page.status, 200, page.body);
        assert.equal(page.url, url);
        assert.match(page.body, /<h1 id="user">alice<\/h1>/);
        assert.match(page.body, /editor, reader/);
    });

    await step(`${told}: the session goes on, and only this browser has it`,
        async () => {
            const page = await visitor.visit(`${app}/user`);
            assert.equal(page.status, 200);
            assert.deepEqual(page.path, [`${app}/user`]);
            const thief = new Visitor();
            thief.jar(app).set('__Host-id',
                visitor.jar(app).get('__Host-id'));
            assert.equal((await thief.fetch(`${app}/user`)).status, 401);
            const me = await visitor.fetch(`${app}/oidc/me`);
            assert.equal(JSON.parse(me.body).sub, 'alice');
        });

    await step(`${told}: a second application needs no second login`,
        async () => {
            const other = await visitor.visit(`${appUrl(w, 'other')}/user`);
            assert.equal(other.status, 200, other.body);
            assert.ok(wasAtTenant(w, other));
        });

    await step(`${told}: logout, and login as somebody else`, async () => {
        const out = await visitor.visit(`${app}/oidc/logout`);
        assert.match(out.url, /\/session\/end/);
        const xsrf = /name="xsrf" value="([^"]+)"/.exec(out.body)[1];
        const done = await visitor.visit(`${w.issuer}/session/end/confirm`,
            { method: 'POST', form: { xsrf, logout: 'yes' } });
        assert.equal(done.url.split('?')[0], `${app}/public`);
        const form = await visitor.visit(`${app}/user`);
        const page = await visitor.signIn(form, 'bob');
        assert.match(page.body, /<h1 id="user">bob<\/h1>/);
    });
}

async function failures(w, name) {
    const app = appUrl(w, name);

    await step(`${name}: a login cancelled at the tenant is told`, async () => {
        const visitor = new Visitor();
        const form = await visitor.visit(`${app}/user`);
        const page = await visitor.visit(form.url,
            { method: 'POST', form: { cancel: 'yes' } });
        assert.equal(page.status, 403);
        assert.match(page.body, /<code>access_denied<\/code>/);
        assert.equal(visitor.jar(app).size, 0);
    });

    await step(`${name}: the key is replaced under a session, which begins anew`,
        async () => {
            const visitor = new Visitor();
            const form = await visitor.visit(`${app}/user`);
            await visitor.signIn(form, 'alice');
            await control(w, 'replace');
            await w.until('nginx has dropped the key', async () =>
                (await visitor.fetch(`${app}/user`)).status === 401);
            const page = await visitor.visit(`${app}/user?again`);
            assert.equal(page.status, 200, page.body);
            assert.equal(page.url, `${app}/user?again`);
            assert.ok(wasAtTenant(w, page));
        });
}

export async function logins({ w }) {
    await beginsAndEnds(w, 'web', w.ports.http1, 'HTTP/1.1');
    await beginsAndEnds(w, 'code', w.ports.http1, 'HTTP/1.1');
    for (const name of ['web', 'code']) {
        await failures(w, name);
    }
    await step('the token endpoint is down: a page says so, later it works',
        async () => {
            const app = appUrl(w, 'code');
            const visitor = new Visitor();
            const form = await visitor.visit(`${app}/user`);
            await control(w, 'down', '/token');
            const page = await visitor.signIn(form, 'alice');
            assert.equal(page.status, 503);
            assert.ok(page.headers['retry-after']);
            await control(w, 'down');
            assert.equal((await visitor.visit(`${app}/user`)).status, 200);
        });
}
