// A DNS server for nginx's resolver: every A question is answered 127.0.0.1,
// every other one with an empty answer.

import dgram from 'node:dgram';

const TYPE_A = 1;

function reply(query) {
    let end = 12;
    while (query[end] !== 0) {
        end += query[end] + 1;
    }
    end += 5;

    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(0x8180, 2);
    header.writeUInt16BE(1, 4);
    header.fill(0, 6);
    const question = query.subarray(12, end);
    if (query.readUInt16BE(end - 4) !== TYPE_A) {
        return Buffer.concat([header, question]);
    }
    header.writeUInt16BE(1, 6);
    const answer = Buffer.from([0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 60, 0, 4,
        127, 0, 0, 1]);
    return Buffer.concat([header, question, answer]);
}

export function dnsServer() {
    const socket = dgram.createSocket('udp4');
    socket.on('message', (query, { port, address }) =>
        socket.send(reply(query), port, address));
    return new Promise((resolve) => {
        socket.bind(0, '127.0.0.1', () =>
            resolve({ port: socket.address().port,
                close: () => socket.close() }));
    });
}
