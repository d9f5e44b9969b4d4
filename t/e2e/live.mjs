// An application behind the recipes: answers with the headers that it got, by
// HTTP, as events or on a WebSocket (RFC 6455), which it closes when the token
// is over. It writes a CORS header of its own, as many frameworks do.

import { createHash } from 'node:crypto';
import http from 'node:http';

const TOKEN_IS_OVER = 4401;

function frame(opcode, payload) {
    return Buffer.concat([
        Buffer.from([0x80 | opcode, ...payload.length < 126 ? [payload.length] :
            [126, payload.length >> 8, payload.length & 0xff]]), payload]);
}

function answer(incoming, outgoing) {
    const body = JSON.stringify(incoming.headers);
    if (incoming.url === '/live/events') {
        outgoing.writeHead(200, { 'Content-Type': 'text/event-stream' });
        outgoing.write(`data: ${body}\n\n`);
        incoming.socket.on('close', () => outgoing.end());
        return;
    }
    outgoing.writeHead(200, { 'Content-Type': 'application/json',
        'Access-Control-Allow-Origin': '*' });
    outgoing.end(body);
}

function upgrade(incoming, socket) {
    const accept = createHash('sha1').update(
        `${incoming.headers['sec-websocket-key']}` +
        '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
    socket.on('error', () => socket.destroy());
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n' +
        `Connection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    socket.write(frame(1, Buffer.from(JSON.stringify(incoming.headers))));
    const over = setTimeout(() => {
        const code = Buffer.alloc(2);
        code.writeUInt16BE(TOKEN_IS_OVER);
        socket.end(frame(8, code));
    }, 1000 * incoming.headers['x-oidc-expires-in']);
    socket.on('close', () => clearTimeout(over));
}

export async function startLive() {
    const server = http.createServer(answer);
    server.on('upgrade', upgrade);
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    server.unref();
    return server;
}
