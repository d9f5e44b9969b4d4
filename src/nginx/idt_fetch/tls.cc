/*
 * TLS contexts of the key client, and what a connection has to prove: a chain
 * to a trusted certificate and the name or address that was asked for.
 */

#include "idt_fetch/peer.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <new>


namespace id_token::nginx {


struct tls_s {
    ngx_ssl_t  ssl;
    trust_t    trust;
};


static ngx_int_t tls_init(ngx_conf_t *cf, tls_t *tls, const char **word)
    noexcept;
static bool same_trust(const trust_t *a, const trust_t *b) noexcept;
static void tls_cleanup(void *data) noexcept;


tls_t *
tls_create(ngx_conf_t *cf, const trust_t *trust, const char **word) noexcept
{
    ngx_pool_cleanup_t  *cln;
    tls_t               *tls;
    trust_t              full;

    full = *trust;
    *word = "ssl_trusted_certificate";

    if (full.trusted_certificate.len
        && ngx_conf_full_name(cf->cycle, &full.trusted_certificate, 1)
           != NGX_OK)
    {
        return NULL;
    }

    if (full.crl.len && ngx_conf_full_name(cf->cycle, &full.crl, 1) != NGX_OK) {
        return NULL;
    }

    /* the pool's cleanups are the list of the cycle's contexts */

    for (cln = cf->cycle->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler != tls_cleanup) {
            continue;
        }

        tls = static_cast<tls_t *>(cln->data);

        if (same_trust(&tls->trust, &full)) {
            return tls;
        }
    }

    tls = static_cast<tls_t *>(ngx_pcalloc(cf->cycle->pool, sizeof(tls_t)));
    if (tls == NULL) {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(cf->cycle->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    tls->trust = full;
    tls->ssl.log = cf->log;

    if (ngx_ssl_create(&tls->ssl, NGX_SSL_TLSv1_2|NGX_SSL_TLSv1_3, NULL)
        != NGX_OK)
    {
        return NULL;
    }

    cln->handler = tls_cleanup;
    cln->data = tls;

    if (tls_init(cf, tls, word) != NGX_OK) {
        return NULL;
    }

    return tls;
}


/*
 * nginx's own verify callback lets everything pass, so that the reason can be
 * read when the handshake is over; without a callback each failure would be
 * logged as [crit].
 */

static ngx_int_t
tls_init(ngx_conf_t *cf, tls_t *tls, const char **word) noexcept
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
        && SSL_CTX_set_default_verify_paths(ctx) != 1)
    {
        ngx_ssl_error(NGX_LOG_EMERG, cf->log, 0,
                      const_cast<char *>("SSL_CTX_set_default_verify_paths() "
                                         "failed"));
        return NGX_ERROR;
    }

    *word = "ssl_crl";

    if (ngx_ssl_crl(cf, &tls->ssl, &trust->crl) != NGX_OK) {
        return NGX_ERROR;
    }

    ERR_clear_error();

    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, SSL_CTX_get_verify_callback(ctx));

    return NGX_OK;
}


static bool
same_trust(const trust_t *a, const trust_t *b) noexcept
{
    auto  same = [](const ngx_str_t &x, const ngx_str_t &y) {
        return x.len == y.len
               && (x.len == 0 || ngx_memcmp(x.data, y.data, x.len) == 0);
    };

    return same(a->trusted_certificate, b->trusted_certificate)
           && same(a->crl, b->crl) && a->verify_depth == b->verify_depth;
}


static void
tls_cleanup(void *data) noexcept
{
    auto  tls = static_cast<tls_t *>(data);

    ngx_ssl_cleanup_ctx(&tls->ssl);
}


/*
 * No SNI for an address (RFC 6066 3). The common name of a certificate counts
 * for nothing (RFC 9110 4.3.4).
 */

ngx_int_t
tls_connection(tls_t *tls, ngx_connection_t *c, const Url *url) noexcept
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
