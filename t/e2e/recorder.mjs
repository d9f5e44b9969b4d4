// Stands between nginx and the API and keeps the bytes that nginx sent: what
// reached the application is judged by them, and whether anything did.

import net from 'node:net';

export class Recorder {
    constructor(apiPort) {
        this.apiPort = apiPort;
        this.heads = [];
        this.server = net.createServer((client) => this.relay(client));
    }

    relay(client) {
        const api = net.connect(this.apiPort, '127.0.0.1');
        const chunks = [];
        client.on('data', (chunk) => chunks.push(chunk));
        client.pipe(api).pipe(client);
        for (const socket of [client, api]) {
            socket.on('error', () => { client.destroy(); api.destroy(); });
        }
        // nginx closes after each request: one connection is one request.
        client.on('data', () => {
            const bytes = Buffer.concat(chunks).toString('latin1');
            const end = bytes.indexOf('\r\n\r\n');
            if (end >= 0 && !client.recorded) {
                client.recorded = true;
                this.heads.push(bytes.slice(0, end));
            }
        });
    }

    listen() {
        return new Promise((resolve) => {
            this.server.listen(0, '127.0.0.1',
                () => resolve(this.server.address().port));
        });
    }

    get count() {
        return this.heads.length;
    }

    // The last request's values of a header, spelled in any way that a
    // server could fold to the same name.
    values(name) {
        const fold = (text) => text.toLowerCase().replace(/[^a-z0-9]/g, '_');
        return this.heads.at(-1).split('\r\n').slice(1)
            .map((line) => [line.slice(0, line.indexOf(':')),
                line.slice(line.indexOf(':') + 1).trim()])
            .filter(([key]) => fold(key) === fold(name))
            .map(([, value]) => value);
    }

    close() {
        this.server.close();
    }
}
