// Debian's Chromium: trusts the test's CA, finds every *.test name on this
// machine and nothing else anywhere.

import { execFileSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

function find(program) {
    for (const dir of (process.env.PATH ?? '').split(':')) {
        try {
            accessSync(join(dir, program), constants.X_OK);
            return join(dir, program);
        } catch {
            // Not in this folder.
        }
    }
    return null;
}

// What is missing for a browser, or null.
export function missing() {
    const absent = ['chromium', 'certutil'].filter((name) => !find(name));
    return absent.length ? absent.join(' and ') : null;
}

function homeThatTrusts(ca, home) {
    const db = join(home, '.pki', 'nssdb');
    rmSync(home, { recursive: true, force: true });
    mkdirSync(db, { recursive: true });
    const certutil = (...args) => execFileSync('certutil',
        ['-d', `sql:${db}`, ...args], { stdio: 'pipe' });
    certutil('-N', '--empty-password');
    certutil('-A', '-t', 'C,,', '-n', 'e2e', '-i', ca);
}

// A browser with a profile of its own, as another person has. `settle` may put
// settings into DIR before it starts.
export async function openBrowser(dir, ca, settle) {
    homeThatTrusts(ca, dir);
    settle?.(dir);
    const context = await chromium.launchPersistentContext(
        join(dir, 'profile'), {
            executablePath: find('chromium'),
            headless: true,
            env: { ...process.env, HOME: dir },
            args: [
                ...process.getuid() === 0 ? ['--no-sandbox'] : [],
                '--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND',
                '--disable-gpu', '--disable-quic', '--no-first-run',
                '--disable-background-networking', '--disable-sync',
                '--disable-component-update',
            ],
        });
    context.setDefaultTimeout(15000);
    return context;
}
