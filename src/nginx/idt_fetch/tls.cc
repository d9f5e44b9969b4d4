/*
 * TLS contexts of the key client, and what a connection has to prove: a chain
 * to a trusted certificate and the name or address that was asked for.
 */

#include "idt_fetch/peer.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>


namespace id_token::nginx {


struct tls_s {
    ngx_ssl_t            ssl;
    trust_t              trust;
};


static ngx_int_t tls_init(ngx_conf_t *cf, tls_t *tls, const char **word);
static ngx_int_t tls_certificate(ngx_conf_t *cf, tls_t *tls);
static ngx_int_t tls_trust_system(ngx_conf_t *cf, SSL_CTX *ctx);
static bool same_trust(const trust_t *a, const trust_t *b) noexcept;
static void tls_cleanup(void *data) noexcept;


tls_t *
tls_create(ngx_conf_t *cf, const trust_t *trust, const char **word)
{
    tls_t               *tls;
    ngx_pool_cleanup_t  *cln;

    /* the pool's cleanups are the list of the cycle's contexts */

    for (cln = cf->cycle->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler != tls_cleanup) {
            continue;
        }

        tls = static_cast<tls_t *>(cln->data);

        if (same_trust(&tls->trust, trust)) {
            return tls;
        }
    }

    *word = "ssl_trusted_certificate";

    tls = static_cast<tls_t *>(ngx_pcalloc(cf->cycle->pool, sizeof(tls_t)));
    if (tls == NULL) {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(cf->cycle->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    tls->trust = *trust;
    tls->ssl.log = cf->log;

    if (ngx_ssl_create(&tls->ssl, NGX_SSL_TLSv1_2|NGX_SSL_TLSv1_3, NULL)
        != NGX_OK)
    {
        return NULL;
    }

    cln->handler = tls_cleanup;
    cln->data = tls;

    return tls_init(cf, tls, word) == NGX_OK ? tls : NULL;
}


/*
 * nginx's own verify callback lets everything pass, so that the reason can be
 * read when the handshake is over; without a callback each failure would be
 * logged as [crit].
 */

static ngx_int_t
tls_init(ngx_conf_t *cf, tls_t *tls, const char **word)
{
    SSL_CTX  *ctx;
    trust_t  *trust;

    ctx = tls->ssl.ctx;
    trust = &tls->trust;

    if (ngx_ssl_trusted_certificate(cf, &tls->ssl, &trust->trusted_certificate,
                                    static_cast<ngx_int_t>(trust->verify_depth))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (trust->trusted_certificate.len == 0
        && tls_trust_system(cf, ctx) != NGX_OK)
    {
        return NGX_ERROR;
    }

    *word = "ssl_crl";

    if (ngx_ssl_crl(cf, &tls->ssl, &trust->crl) != NGX_OK) {
        return NGX_ERROR;
    }

    *word = "ssl_certificate";

    if (trust->certificate.len && tls_certificate(cf, tls) != NGX_OK) {
        return NGX_ERROR;
    }

    ERR_clear_error();

    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, SSL_CTX_get_verify_callback(ctx));

    return NGX_OK;
}


/* the empty pass phrase keeps OpenSSL from asking at the terminal for one */

static ngx_int_t
tls_certificate(ngx_conf_t *cf, tls_t *tls)
{
    ngx_str_t    *empty;
    ngx_array_t  *phrases;

    phrases = ngx_array_create(cf->pool, 1, sizeof(ngx_str_t));
    if (phrases == NULL) {
        return NGX_ERROR;
    }

    empty = push<ngx_str_t>(phrases);
    ngx_str_set(empty, "");

    return ngx_ssl_certificate(cf, &tls->ssl, &tls->trust.certificate,
                               &tls->trust.certificate_key, phrases);
}


/* nginx may have been built with an OpenSSL that looks in a place of its own */

static ngx_int_t
tls_trust_system(ngx_conf_t *cf, SSL_CTX *ctx)
{
    system_trust_t  system;

    system = system_trust();

    if (system.standard) {
        if (SSL_CTX_set_default_verify_paths(ctx) == 1) {
            return NGX_OK;
        }

    } else if (system.file.empty()) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "there are no CA certificates of the system: no key "
                      "server can be trusted, install \"ca-certificates\" or "
                      "set \"ssl_trusted_certificate\"");
        return NGX_OK;

    } else if (SSL_CTX_load_verify_locations(ctx, system.file.c_str(), NULL)
               == 1)
    {
        return NGX_OK;
    }

    ngx_ssl_error(NGX_LOG_EMERG, cf->log, 0,
                  const_cast<char *>("the CA certificates of the system "
                                     "cannot be loaded"));
    return NGX_ERROR;
}


static bool
same_trust(const trust_t *a, const trust_t *b) noexcept
{
    auto  same = [](const ngx_str_t &x, const ngx_str_t &y) {
        return x.len == y.len
               && (x.len == 0 || ngx_memcmp(x.data, y.data, x.len) == 0);
    };

    return same(a->trusted_certificate, b->trusted_certificate)
           && same(a->crl, b->crl) && same(a->certificate, b->certificate)
           && same(a->certificate_key, b->certificate_key)
           && a->verify_depth == b->verify_depth;
}


static void
tls_cleanup(void *data) noexcept
{
    ngx_ssl_cleanup_ctx(&static_cast<tls_t *>(data)->ssl);
}


/*
 * No SNI for an address (RFC 6066 3). The common name of a certificate counts
 * for nothing (RFC 9110 4.3.4).
 */

ngx_int_t
tls_connection(tls_t *tls, ngx_connection_t *c, const Url *url, bool own)
    noexcept
{
    SSL               *ssl;
    const char        *host;
    X509_VERIFY_PARAM *param;

    if (ngx_ssl_create_connection(&tls->ssl, c, NGX_SSL_BUFFER|NGX_SSL_CLIENT)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ssl = c->ssl->connection;
    host = url->host.c_str();

    if (!own) {
        SSL_certs_clear(ssl);
    }

    param = SSL_get0_param(ssl);

    if (url->kind != HostKind::name) {
        return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1 ? NGX_OK
                                                               : NGX_ERROR;
    }

    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
                                    |X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);

    if (SSL_set1_host(ssl, host) != 1
        || SSL_set_tlsext_host_name(ssl, const_cast<char *>(host)) != 1)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


const char *
tls_verify(ngx_connection_t *c) noexcept
{
    SSL   *ssl;
    long   rc;

    ssl = c->ssl->connection;

    if (SSL_get0_peer_certificate(ssl) == NULL) {
        return "no certificate";
    }

    rc = SSL_get_verify_result(ssl);

    ERR_clear_error();

    return rc == X509_V_OK ? NULL : X509_verify_cert_error_string(rc);
}

}  // namespace id_token::nginx
