// HTTP for the test: every *.test name is this machine, and only the test's
// CA is trusted.

import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';

let ca;

export function trust(file) {
    ca = readFileSync(file);
}

function lookup(name, options, callback) {
    const address = { address: '127.0.0.1', family: 4 };
    if (options.all) {
        callback(null, [address]);
    } else {
        callback(null, address.address, address.family);
    }
}

// Answers {status, headers, body}; never follows a redirect.
export function request(url, { method = 'GET', headers = {}, body } = {}) {
    const { protocol } = new URL(url);
    const library = protocol === 'https:' ? https : http;

    return new Promise((resolve, reject) => {
        const outgoing = library.request(url,
            { method, headers, lookup, ca, agent: false, timeout: 60000 });
        outgoing.on('error', reject);
        outgoing.on('timeout', () =>
            outgoing.destroy(new Error(`no answer from ${url}`)));
        outgoing.on('response', (incoming) => {
            const chunks = [];
            incoming.on('error', reject);
            incoming.on('data', (chunk) => chunks.push(chunk));
            incoming.on('end', () => resolve({
                status: incoming.statusCode,
                headers: incoming.headers,
                body: Buffer.concat(chunks).toString(),
            }));
        });
        outgoing.end(body);
    });
}

export const bearer = (token) => ({ Authorization: `Bearer ${token}` });
