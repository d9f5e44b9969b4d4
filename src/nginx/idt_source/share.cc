/* Key sources at configuration time: what is shared, what is allowed. */

#include "idt_source/zone.h"

#include "idt_keys/discovery.h"
#include "idt_keys/url.h"


extern ngx_module_t  ngx_http_auth_id_token_module;


namespace id_token::nginx {


static ngx_int_t keys_set_url(ngx_conf_t *cf, key_source_t *keys);
static ngx_int_t keys_check_transport(ngx_conf_t *cf, key_source_t *keys,
    const char *name, const std::string &shown);
static void keys_set_trust(ngx_conf_t *cf, key_source_t *keys);
static void keys_set_name(ngx_conf_t *cf, key_source_t *keys);
static key_source_t *keys_share(ngx_conf_t *cf, key_source_t *keys);


key_source_t *
keys_add(ngx_conf_t *cf, const key_source_conf_t *settings)
{
    key_source_t  *keys;

    if (settings->max_stale <= settings->refresh
        || settings->max_stale <= settings->min_interval)
    {
        return emerg(cf, "\"jwks_max_stale\" of id_token_provider \"%V\" must "
                         "be longer than \"jwks_refresh\" and "
                         "\"jwks_min_interval\"", &settings->provider);
    }

    keys = keys_create(cf);
    if (keys == NULL) {
        return NULL;
    }

    keys->settings = *settings;

    if (keys_set_url(cf, keys) != NGX_OK) {
        return NULL;
    }

    keys_set_name(cf, keys);

    return keys_share(cf, keys);
}


/* where the keys are, or the document that leads there */

static ngx_int_t
keys_set_url(ngx_conf_t *cf, key_source_t *keys)
{
    std::string         shown;
    const char         *name;
    key_source_conf_t  *settings;

    settings = &keys->settings;

    if (settings->jwks_uri.len) {
        name = "jwks_uri";
        keys->url = std::string(view(settings->jwks_uri));
        shown = without_userinfo(keys->url);

    } else {
        name = "issuer";
        shown = without_userinfo(std::string(view(settings->issuer)));
        keys->discovery = 1;

        auto  found = discovery_url(std::string(view(settings->issuer)));
        if (!found) {
            return emerg(cf, "id_token_provider \"%V\" has no \"jwks_uri\" "
                             "and no \"jwks_file\", and the \"issuer\" \"%s\" "
                             "is not a URL that leads to its keys",
                             &settings->provider, shown.c_str());
        }

        keys->url = std::move(*found);
    }

    auto  url = parse_url(keys->url);

    if (!url) {
        auto  why = url_error_text(url.error());

        return emerg(cf, "\"%s\" of id_token_provider \"%V\": the URL \"%s\" "
                         "%*s",
                         name, &settings->provider, shown.c_str(), why.size(),
                         why.data());
    }

    keys->server = std::move(*url);

    return keys_check_transport(cf, keys, name, shown);
}


/* https, http to the loopback, or http that was asked for */

static ngx_int_t
keys_check_transport(ngx_conf_t *cf, key_source_t *keys, const char *name,
    const std::string &shown)
{
    key_source_conf_t  *settings;

    settings = &keys->settings;

    if (transport(keys->server) == Transport::insecure && !settings->insecure) {
        return emerg(cf, "\"%s\" of id_token_provider \"%V\": keys cannot be "
                         "trusted that come over plain http from \"%s\", use "
                         "https%s",
                         name, &settings->provider, shown.c_str(),
                         keys->discovery
                             ? "" : ", or add \"insecure\" to accept it");
    }

    if (!keys->server.https
        && (settings->fields || settings->trust.certificate.len))
    {
        return emerg(cf, "\"%s\" of id_token_provider \"%V\" is for https "
                         "only: \"%s\" \"%s\" is plain http",
                         settings->fields ? "jwks_header" : "ssl_certificate",
                         &settings->provider, name, shown.c_str());
    }

    /* discovery over http may lead to https */
    keys->needs_tls = keys->server.https || keys->discovery;

    keys->port = keys->server.port;

    keys->host = copied(cf->pool, keys->server.host);

    return keys->host.data != NULL ? NGX_OK : NGX_ERROR;
}


/* the length makes it one of a kind, whatever the value holds */

static void
keys_append(std::string &to, const char *name, std::string_view value)
{
    to.append(name);
    to.append(std::to_string(value.size()));
    to.append(" ");
    to.append(value);
}


/*
 * What makes this source another one than those of other trust. Files are what
 * they hold; but what is read anew for each fetch is what it is called. What is
 * secret is hashed: the text is written to the file of "jwks_state".
 */

static void
keys_set_trust(ngx_conf_t *cf, key_source_t *keys)
{
    std::string         secret;
    key_source_conf_t  *settings;

    settings = &keys->settings;

    auto  file = [&](const char *name, const ngx_str_t &path) {
        if (path.len) {
            keys_append(keys->trust, name, trust_digest(cf, &path));
        }
    };

    keys_append(keys->trust, "ca ",
                trust_digest(cf, &settings->trust.trusted_certificate));
    file(" crl ", settings->trust.crl);
    file(" certificate ", settings->trust.certificate);
    file(" key ", settings->trust.certificate_key);

    keys_append(keys->trust, " proxy ", view(settings->proxy_host));
    keys->trust.append(":" + std::to_string(settings->proxy_port));
    keys_append(keys->trust, " credentials ", view(settings->proxy_file));

    if (settings->fields) {
        for (auto &field : items<added_field_t>(settings->fields)) {
            keys_append(secret, "name ", view(field.name));
            keys_append(secret, " value ", view(field.value));
            keys_append(secret, " file ", view(field.file));
        }

        keys_append(keys->trust, " fields ", sha256_hex(secret));
    }

    keys->trust.append(" depth "
                       + std::to_string(settings->trust.verify_depth));
    keys->trust.append(settings->insecure ? " insecure" : "");
    keys->trust.append(keys->discovery ? " discovery" : "");
}


static void
keys_set_name(ngx_conf_t *cf, key_source_t *keys)
{
    std::string  identity;

    keys_set_trust(cf, keys);

    keys_append(identity, "issuer ", view(keys->settings.issuer));
    keys_append(identity, "url ", keys->url);
    keys_append(identity, "trust ", keys->trust);

    keys->origin = sha256(identity);
    keys->name = "id_token_keys_" + sha256_hex(identity).substr(0, 32);
}


/* the zone is the same for the same source, and remembers it */

static key_source_t *
keys_share(ngx_conf_t *cf, key_source_t *keys)
{
    ngx_str_t           name;
    ngx_shm_zone_t     *shm_zone;
    key_source_t       *shared;
    key_source_conf_t  *settings, *more;

    name = copied(cf->pool, keys->name);
    if (name.data == NULL) {
        return NULL;
    }

    /* the size is known when all providers are */

    shm_zone = ngx_shared_memory_add(cf, &name, 0,
                                     &ngx_http_auth_id_token_module);
    if (shm_zone == NULL) {
        return NULL;
    }

    if (shm_zone->data == NULL) {
        shm_zone->data = keys;
        shm_zone->init = zone_init;
        keys->shm_zone = shm_zone;

        return keys;
    }

    shared = static_cast<key_source_t *>(shm_zone->data);

    settings = &shared->settings;
    more = &keys->settings;

    settings->refresh = ngx_min(settings->refresh, more->refresh);
    settings->max_stale = ngx_min(settings->max_stale, more->max_stale);
    settings->min_interval = ngx_max(settings->min_interval,
                                     more->min_interval);
    settings->timeout = ngx_max(settings->timeout, more->timeout);
    settings->max_size = ngx_max(settings->max_size, more->max_size);

    if (settings->state == NULL) {
        settings->state = more->state;

    } else if (more->state != NULL
               && view(more->state->name) != view(settings->state->name))
    {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"jwks_state\" \"%V\" of id_token_provider \"%V\" "
                           "is not used: it shares its keys with \"%V\", which "
                           "has another",
                           &more->state->name, &more->provider,
                           &settings->provider);
    }

    return shared;
}


}  // namespace id_token::nginx
