/* id_token_revoke: the hand of an operator. */

#include "idt_ending/ending.h"
#include "idt_request/body.h"

#include "idt_base/ascii.h"


namespace id_token::nginx {


static bool
is_json_type(std::string_view type)
{
    return equal_ignoring_case(trim(type.substr(0, type.find(';'))),
                               "application/json");
}


static ngx_int_t
take_json(ngx_http_request_t *r, const std::string *body)
{
    main_conf_t  *mcf;

    if (body == NULL) {
        return logout_failed(r, NULL, LogoutError::logout_too_long);
    }

    auto  wanted = read_operator_logout(*body);

    if (!wanted) {
        return logout_failed(r, NULL, wanted.error());
    }

    mcf = main_conf(r);

    auto  it = mcf->providers.find(wanted->provider);

    if (it == mcf->providers.end()) {
        return logout_failed(r, NULL, LogoutError::logout_provider);
    }

    const Revocation  entry = revocation_of(wanted->kind, wanted->value,
                                            scope_of(mcf->revocations,
                                                     it->second),
                                            ngx_time());

    if (!revocations_accept(mcf->revocations, { &entry, 1 })) {
        return logout_failed(r, it->second, LogoutError::logout_state);
    }

    logout_did(r, it->second, "by an operator");

    return send_count(r, mcf->revocations);
}


ngx_int_t
revoke_handler(ngx_http_request_t *r)
{
    if (make_ctx(r) == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD)) {
        return send_count(r, main_conf(r)->revocations);
    }

    if (r->method != NGX_HTTP_POST) {
        return logout_failed(r, NULL, LogoutError::logout_method);
    }

    /* what a form of another site can send is none of our own */

    if (!is_from_here(r, loc_conf(r))) {
        return logout_failed(r, NULL, LogoutError::logout_origin);
    }

    if (r->headers_in.content_type == NULL
        || !is_json_type(view(r->headers_in.content_type->value)))
    {
        return logout_failed(r, NULL, LogoutError::logout_type);
    }

    return receive_body(r, kMaxOperatorBytes, take_json);
}


}  // namespace id_token::nginx
