// nginx as an operator would set it up for the story.

import { appProviders, appServers } from './apps.mjs';

const proxied = (target, extra = '') => `
            auth_id_token_strip on;
            auth_id_token_set_header X-OIDC-Iss iss;
            auth_id_token_set_header X-OIDC-Sub sub;
            auth_id_token_set_header X-OIDC-Name name;
            auth_id_token_set_header X-OIDC-Groups groups;
            proxy_set_header X-Identity $id_token_assertion_api;
            ${extra}
            proxy_pass ${target};`;

const secondProvider = (w) => w.second && `
    id_token_provider second {
        issuer ${w.second.issuer};
        client_id ${w.second.clientId};
        algorithms ES256;
        ssl_trusted_certificate ${w.certs.ca};
        jwks_timeout 20s;
        leeway 5s;
    }`;

export const nginxConf = (w) => `
${w.module ? `load_module ${w.module};` : ''}
${process.getuid() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 2;
error_log ${w.dir}/error.log info;
pid ${w.dir}/nginx.pid;

events {
    worker_connections 256;
}

http {
    types {
        text/html html;
        text/javascript js;
    }
    client_body_temp_path ${w.dir}/body;
    proxy_temp_path ${w.dir}/proxy;
    fastcgi_temp_path ${w.dir}/fastcgi;
    uwsgi_temp_path ${w.dir}/uwsgi;
    scgi_temp_path ${w.dir}/scgi;

    log_format story '$request $status $id_token_status $id_token_error '
                     '$id_token_claim_sub $host $id_token_login';
    access_log ${w.dir}/access.log story;

    resolver 127.0.0.1:${w.dns.port} ipv6=off;
    large_client_header_buffers 4 16k;
    ssl_certificate ${w.certs.cert};
    ssl_certificate_key ${w.certs.key};

    id_token_provider tenant {
        issuer ${w.issuer};
        client_id spa;
        ssl_trusted_certificate ${w.certs.ca};
        leeway 0s;
        jwks_timeout 20s;
        jwks_min_interval 1s;
        jwks_refresh 3s;
    }
${secondProvider(w) || ''}
${appProviders(w)}
    id_token_assertion api {
        key ${w.dir}/assertion.pem;
        issuer https://app.test/;
        audience reports;
        claims sub email;
        lifetime 60s;
    }

    map $host $tenant_of_host {
        volatile;
        first.test tenant;
        ${w.second ? 'second.test second;' : ''}
        default '';
    }

    map $http_authorization $presented {
        '~^Bearer (?<token>[A-Za-z0-9_.-]+)$' $token;
    }

    # $cookie_NAME cannot spell the hyphen of the __Host- prefix.
    map $http_cookie $login_nonce {
        '~(?:^|; )__Host-nonce=(?<nonce>[A-Za-z0-9_-]+)' $nonce;
    }

    map $http_origin $allowed_origin {
        ${w.app} $http_origin;
    }

    map $request_method $cors_backend {
        OPTIONS preflight;
        default api;
    }

    upstream api {
        server 127.0.0.1:${w.recorderPort};
    }

    upstream preflight {
        server unix:${w.dir}/no_content.sock;
    }

    server {
        listen unix:${w.dir}/no_content.sock;
        access_log off;
        return 204;
    }

    server {
        listen 127.0.0.1:${w.ports.app} ssl http2;
        server_name app.test;
        root ${w.spa};

        location / {
            add_header Cache-Control no-store;
            add_header Referrer-Policy no-referrer;
        }

        location = /settings.json {
            default_type application/json;
            return 200 '{"issuer":"${w.issuer}","crossApi":"${w.crossApi}"}';
        }

        location /api/ {
            auth_id_token tenant;
            auth_id_token_require nonce present;
            ${proxied('http://api')}
        }

        # The token becomes a cookie that no script can read.
        location = /session {
            auth_id_token tenant;
            limit_except POST {
                deny all;
            }
            add_header Set-Cookie
                "__Host-id_token=$presented; Path=/; Secure; HttpOnly; SameSite=Strict";
            proxy_pass http://preflight;
        }

        location /cookie/ {
            auth_id_token tenant;
            auth_id_token_source cookie=__Host-id_token;
            ${proxied('http://api/api/')}
        }

        location /either/ {
            auth_id_token tenant;
            auth_id_token_source bearer cookie=__Host-id_token;
            ${proxied('http://api/api/')}
        }

        location /bound/ {
            auth_id_token tenant;
            auth_id_token_nonce $login_nonce;
            ${proxied('http://api/api/')}
        }

        location /admin/ {
            auth_id_token tenant;
            auth_id_token_require groups has admins;
            auth_id_token_require email_verified = true;
            ${proxied('http://api/api/')}
        }

        location /report/ {
            auth_id_token tenant;
            auth_id_token_mode report;
            add_header X-Verdict "$id_token_status $id_token_error" always;
            ${proxied('http://api/api/')}
        }

        location = /identity-keys {
            id_token_assertion_jwks api;
        }

        location = /backchannel {
            id_token_backchannel_logout tenant;
        }
    }

    # The API on a site of its own: the browser asks by preflight first.
    server {
        listen 127.0.0.1:${w.ports.app} ssl http2;
        server_name api.test;

        location / {
            auth_id_token tenant;
            auth_id_token_preflight pass;
            add_header Access-Control-Allow-Origin $allowed_origin always;
            add_header Access-Control-Allow-Headers authorization always;
            add_header Access-Control-Allow-Methods 'GET, POST' always;
            add_header Vary Origin always;
            ${proxied('http://$cors_backend')}
        }
    }

    server {
        listen 127.0.0.1:${w.ports.app} ssl http2;
        server_name first.test second.test stray.test;

        location / {
            auth_id_token $tenant_of_host;
            ${proxied('http://api')}
        }
    }
${appServers(w)}
}
`;
