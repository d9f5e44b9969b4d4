// The applications whose users nginx logs in: one for each way that a token
// comes back, and one more that shares the tenant's session. Each is a site of
// its own, over HTTP/2 and at another port over HTTP/1.1.

const apps = [
    { name: 'web', host: 'web.test', type: 'id_token' },
    { name: 'code', host: 'code.test', type: 'code' },
    { name: 'other', host: 'other.test', type: 'id_token' },
];

// Its users log in at the second tenant.
const second = { name: 'dora', host: 'dora.test' };

export const appHosts = [...apps, second].map(({ host }) => host);

const ports = (w) => [w.ports.app, w.ports.http1];

const everywhere = (w, host, path) =>
    ports(w).map((port) => `https://${host}:${port}${path}`);

const registration = (w, { host, type }, clientId) => ({
    client_id: clientId,
    grant_types: [type === 'code' ? 'authorization_code' : 'implicit'],
    response_types: [type],
    redirect_uris: everywhere(w, host, '/oidc/callback'),
    post_logout_redirect_uris: everywhere(w, host, '/public'),
});

// "NAME-2" takes the place of NAME when a client ID changes.
export const appClients = (w) => apps.flatMap((app) => [
    registration(w, app, app.name),
    registration(w, app, `${app.name}-2`),
]);

export const appProviders = (w) => apps.map(({ name, type }) => `
    id_token_provider ${name} {
        issuer ${w.issuer};
        client_id ${name};
        response_type ${type};
        redirect_uri /oidc/callback;
        post_logout_redirect_uri /public;
        scope "openid email groups";
        ssl_trusted_certificate ${w.certs.ca};
        leeway 0s;
        jwks_timeout 20s;
        jwks_min_interval 1s;
        jwks_refresh 3s;
    }`).join('\n') + (w.second ? `
    id_token_provider ${second.name} {
        issuer ${w.second.issuer};
        client_id ${w.second.clientId};
        algorithms ES256;
        redirect_uri /oidc/callback;
        ssl_trusted_certificate ${w.certs.ca};
        jwks_timeout 20s;
        leeway 5s;
    }` : '');

// What a page can do to another one without a person who clicks.
const publicPage = '<!doctype html><title>Public</title>' +
    '<a id="go" href="/user?linked">Go</a>' +
    '<link rel="prefetch" href="/user?prefetched">' +
    '<iframe src="/user?framed"></iframe><img src="/oidc/logout?image">';

const appServer = (w, { name, host }) => `
    server {
        listen 127.0.0.1:${w.ports.app} ssl http2;
        listen 127.0.0.1:${w.ports.http1} ssl;
        server_name ${host};

        auth_id_token_source cookie=__Host-id;
        auth_id_token_strip on;
        auth_id_token_set_header X-OIDC-Iss iss;
        auth_id_token_set_header X-OIDC-Sub sub;

        location / {
            auth_id_token ${name};
            auth_id_token_login on;
            auth_id_token_renew off;
            proxy_pass http://api;
        }

        location /renewed {
            auth_id_token ${name};
            auth_id_token_login on;
            auth_id_token_renew 90%;
            proxy_pass http://api;
        }

        location = /public {
            default_type text/html;
            return 200 '${publicPage}';
        }

        location = /oidc/callback { id_token_callback ${name}; }
        location = /oidc/login { id_token_login ${name}; }
        location = /oidc/logout { id_token_logout ${name}; }
        location = /oidc/me { auth_id_token ${name}; id_token_identity; }
    }`;

export const appServers = (w) => [...apps, ...w.second ? [second] : []]
    .map((app) => appServer(w, app)).join('\n');

// The application as the stories reach it.
export const appUrl = (w, name, port = w.ports.app) =>
    `https://${apps.find((app) => app.name === name).host}:${port}`;

export const secondAppUrl = (w) => `https://${second.host}:${w.ports.app}`;
