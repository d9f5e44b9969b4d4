/* The way to the tenant: who is sent there, and with what. */

#include "idt_session/session.h"

extern "C" {
#include <openssl/rand.h>
}

#include "idt_login/note.h"
#include "idt_login/secret_chain.h"
#include "idt_login/set_cookie.h"


namespace id_token::nginx {


static std::string
authorization_endpoint(ngx_http_request_t *r, provider_t *provider)
{
    const Endpoints  *found;

    if (!provider->login->authorization_endpoint.empty()) {
        return provider->login->authorization_endpoint;
    }

    found = use_endpoints(provider->keys);

    if (found == nullptr) {
        return {};
    }

    if (!found->supports(provider->login->flow)) {
        ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                      "id_token_provider \"%V\": its discovery document does "
                      "not name \"response_type %s\" as supported",
                      &provider->name,
                      provider->login->flow == Flow::code ? "code"
                                                          : "id_token");
    }

    return found->authorization;
}


static LoginError
find_redirect_uri(ngx_http_request_t *r, const login_provider_t *login,
    std::string *uri)
{
    std::string  host = host_of(r);

    if (login->redirect_uri.starts_with('/') && !is_known_host(r)) {
        return LoginError::host_unknown;
    }

    *uri = complete_uri(login->redirect_uri, is_https(r), host);

    if (uri->starts_with("http://") && !is_loopback_host(host)) {
        return LoginError::plain_http;
    }

    return LoginError::none;
}


static ngx_int_t
append_parameters(ngx_http_request_t *r, ngx_array_t *from,
    LoginParameters *to)
{
    ngx_str_t           value;
    ngx_uint_t          i;
    login_parameter_t  *parameter;

    if (from == NULL) {
        return NGX_OK;
    }

    parameter = static_cast<login_parameter_t *>(from->elts);

    for (i = 0; i < from->nelts; i++) {
        if (ngx_http_complex_value(r, parameter[i].value, &value) != NGX_OK) {
            return NGX_ERROR;
        }

        to->emplace_back(view(parameter[i].name), view(value));
    }

    return NGX_OK;
}


static ngx_int_t
set_departure(ngx_http_request_t *r, const departure_t &departure,
    const AuthorizationRequest &request, const Transaction &transaction)
{
    std::string      name;
    LoginParameters  parameters;

    const LoginKeys  &keys = main_conf(r)->login.keys;

    if (append_parameters(r, departure.provider->login->parameters, &parameters)
        != NGX_OK
        || append_parameters(r, departure.conf->login.parameters, &parameters)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    name = transaction_cookie_name(login_state(transaction.secret));

    if (set_location(r, authorization_url(request, parameters)) != NGX_OK
        || forbid_caching(r) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return add_header(r, "Set-Cookie",
                      set_cookie(name, seal_transaction(keys, transaction),
                                 kTransactionSeconds,
                                 same_site(transaction.flow)));
}


LoginError
depart(ngx_http_request_t *r, const departure_t &departure)
{
    LoginError               error;
    std::string              endpoint;
    Transaction              transaction;
    unsigned char            random[kLoginRandomBytes];
    const login_provider_t  *login;

    login = departure.provider->login;

    error = find_redirect_uri(r, login, &transaction.redirect_uri);
    if (error != LoginError::none) {
        return error;
    }

    endpoint = authorization_endpoint(r, departure.provider);

    if (endpoint.empty() || RAND_bytes(random, sizeof(random)) != 1) {
        return LoginError::endpoint_missing;
    }

    transaction.secret = login_secret(random);
    transaction.expires = ngx_time() + kTransactionSeconds;
    transaction.provider = view(departure.provider->name);
    transaction.flow = login->flow;
    transaction.host = host_of(r);
    transaction.cookie = view(departure.conf->login.carrier->value);
    transaction.return_path = departure.return_path;
    transaction.renews = departure.renews;

    AuthorizationRequest  request;

    request.endpoint = endpoint;
    request.client_id = departure.provider->policy.client_id;
    request.redirect_uri = transaction.redirect_uri;
    request.scope = login->scope;
    request.secret = transaction.secret;
    request.flow = login->flow;
    request.silent = departure.renews != 0;
    request.max_age = departure.max_age;

    if (set_departure(r, departure, request, transaction) != NGX_OK) {
        throw std::bad_alloc();
    }

    return LoginError::none;
}


}  // namespace id_token::nginx
