// How sessions begin in Chromium.

import { assert } from './count.mjs';

export async function begins(seat) {
    const { page, w } = seat;

    await seat.tells('a first visit', async () => {
        await seat.logIn('/user');
        await seat.isAt('/user');
        const names = (await seat.cookies()).map(({ name }) => name)
            .filter((name) => !name.includes('oidc_logins'));
        assert.deepEqual(names.sort(), ['__Host-id', '__Host-id-r']);
        assert.equal(await page.evaluate(() => document.cookie), '');
    });

    await seat.tells('a deep link with a query', async () => {
        const path = '/user?from=mail&next=%2Fa%20b&q=%F0%9F%98%80';
        await seat.logIn(path);
        await seat.isAt(path);
    });

    await seat.tells('a link on a public page', async () => {
        await seat.visit('/public');
        await page.click('#go');
        await seat.signIn('/user?linked');
        await seat.isAt('/user?linked');
    });

    await seat.tells('a login by a link that says where to', async () => {
        await seat.visit('/oidc/login?return=%2Fuser%3Fa%3Db');
        await seat.signIn('/user?a=b');
        await seat.isAt('/user?a=b');
    });

    await seat.tells('back after the login', async () => {
        await seat.visit('/public');
        await page.click('#go');
        await seat.signIn('/user?linked');
        const met = [];
        for (let i = 0; i < 6 && page.url() !== `${seat.app}/public`; i++) {
            await page.goBack().catch(() => {});
            met.push(page.url());
        }
        assert.ok(met.includes(`${seat.app}/public`), met.join(' '));
        assert.ok(!met.some((url) => url.startsWith(seat.callback)),
            met.join(' '));
        await page.click('#go');
        await page.waitForURL(`${seat.app}/user?linked`);
        assert.equal(await seat.user(), 'alice');
    });

    await seat.tells('the callback is reloaded', async () => {
        let answer;
        page.on('request', function keep(request) {
            if (request.url().startsWith(seat.callback)) {
                answer = request;
                page.off('request', keep);
            }
        });
        await seat.logIn();
        const again = answer.method() === 'POST' ?
            await page.evaluate(([url, body]) => {
                const form = document.createElement('form');
                form.method = 'post';
                form.action = url;
                for (const [name, value] of new URLSearchParams(body)) {
                    form.append(Object.assign(
                        document.createElement('input'), { name, value }));
                }
                document.body.append(form);
                form.submit();
            }, [answer.url(), answer.postData()])
                .then(() => page.waitForURL(seat.callback)) :
            await page.goto(answer.url());
        assert.equal(again?.status() ?? 403, 403);
        assert.equal(await page.textContent('h1'), 'Login not completed');
        await page.reload();
        assert.equal(await page.textContent('h1'), 'Login not completed');
        await seat.visit('/user');
        await seat.isAt('/user');
    });

    await seat.tells('no second login in a second application', async () => {
        await seat.logIn();
        await page.goto(`${seat.app.replace(/\/\/[^:]+/, '//other.test')}/user`);
        await page.waitForURL('https://other.test:*/user');
        assert.equal(await seat.user(), 'alice');
    });

    await seat.tells('twenty tabs are restored, nobody is logged in',
        () => twentyTabs(seat, async (tabs) => {
            for (const tab of tabs) {
                assert.ok(tab.url().startsWith(w.issuer), tab.url());
            }
            assert.ok((await seat.transactions()).length <= 20);
            const { length } = tabs;
            const last = tabs[length - 1];
            await seat.visit(`/user?${length - 1}`, last);
            await seat.signIn(`/user?${length - 1}`, 'alice', last);
            assert.ok((await seat.transactions()).length <= 5);
        }));

    await seat.tells('twenty tabs are restored, the tenant knows the user',
        async () => {
            await seat.logIn();
            await seat.context.clearCookies({
                domain: new URL(seat.app).hostname });
            await twentyTabs(seat, (tabs) => Promise.all(tabs.map(
                (tab) => tab.waitForURL(`${seat.app}/**`))));
        });
}

// Opens them at once; after `meanwhile` each of them works.
async function twentyTabs(seat, meanwhile) {
    const tabs = await Promise.all(Array.from({ length: 20 },
        () => seat.context.newPage()));
    try {
        await Promise.all(tabs.map(async (tab, i) => {
            const answer = await seat.visit(`/user?${i}`, tab)
                .catch((error) => ({ status: () => `${error}` }));
            assert.ok([200, 403].includes(answer.status()),
                `${answer.status()} ${tab.url()}`);
        }));
        await meanwhile(tabs);
        for (const [i, tab] of tabs.entries()) {
            const answer = await seat.visit(`/user?${i}`, tab);
            assert.equal(answer.url(), `${seat.app}/user?${i}`);
            assert.match(await answer.text(), /<h1 id="user">alice</);
        }
        assert.ok((await seat.transactions()).length <= 5);
    } finally {
        await Promise.all(tabs.map((tab) => tab.close()));
    }
}
